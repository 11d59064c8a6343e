#!/bin/sh
# Deploys the function. The template keeps this file up to date; what differs between environments comes from variables.
set -eu

usage() {
    cat <<'TEXT'
Usage: PROJECT=... SERVICE_ACCOUNT=... sh deploy.sh [--dry-run | --setup] [-- FLAGS FOR GCLOUD]

  --dry-run  print the command instead of running it
  --setup    print the commands that a project needs once, before or after the first deployment

  PROJECT          the id of the Google Cloud project
  SERVICE_ACCOUNT  the email of the service account that the function runs as
  REGION           where it runs; {{ cookiecutter.region }} if not set
  MAX_INSTANCES    the most instances at once; 10 if not set
  SECRETS          secrets that it reads, such as API_KEY=api-key:latest,TOKEN=token:3
  ENV_VARS         more environment variables, such as LEVEL=high,LIMIT=5
{% include cookiecutter.trigger ~ "/deploy-usage.txt" %}
TEXT
}

# Write a command as a shell reads it.
show() {
    for word in "$@"; do
        case $word in
            '' | *[!A-Za-z0-9_./:=@,+-]*) printf "'%s' " "$(printf %s "$word" | sed "s/'/'\\\\''/g")" ;;
            *) printf '%s ' "$word" ;;
        esac
    done
    echo
}

mode=deploy
while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) mode=dry-run ;;
        --setup) mode=setup ;;
        -h | --help)
            usage
            exit
            ;;
        --)
            shift
            break
            ;;
        *)
            echo "deploy.sh: unknown argument '$1' (flags for gcloud go after --)" >&2
            exit 2
            ;;
    esac
    shift
done

: "${PROJECT:?set it to the id of the Google Cloud project}"
: "${SERVICE_ACCOUNT:?set it to the email of the service account that the function runs as}"
region=${REGION:-{{ cookiecutter.region }}}

{% include cookiecutter.trigger ~ "/deploy-setup.sh" %}

if [ "$mode" = setup ]; then
    show gcloud services enable {{ fn.trigger.apis | join(" ") }} --project="$PROJECT"
    show gcloud iam service-accounts create "${SERVICE_ACCOUNT%%@*}" --project="$PROJECT"
    if [ -n "${SECRETS-}" ]; then
        printf '%s\n' "$SECRETS" | tr ',' '\n' | while IFS= read -r secret; do
            secret=${secret#*=}
            show gcloud secrets add-iam-policy-binding "${secret%%:*}" --project="$PROJECT" \
                --member="serviceAccount:$SERVICE_ACCOUNT" --role=roles/secretmanager.secretAccessor
        done
    fi
    trigger_setup
    exit
fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# What was given after -- stays last: there it wins.
set -- ${SECRETS:+"--set-secrets=$SECRETS"} "$@"
if [ -d "$here/vendor" ]; then
    set -- --update-build-env-vars=GOOGLE_VENDOR_PIP_DEPENDENCIES=vendor "$@"
else
    set -- --remove-build-env-vars=GOOGLE_VENDOR_PIP_DEPENDENCIES "$@"
fi
{% include cookiecutter.trigger ~ "/deploy-flags.sh" %}
{% if fn.asynchronous %}
# One process answers them all at once; 80 is what Cloud Run takes by default.
{% else %}
# One CPU answers four requests at once: as many threads as the framework starts for it.
{% endif %}
set -- gcloud functions deploy {{ cookiecutter.function_name }} --gen2 --project="$PROJECT" --region="$region" \
    --runtime={{ fn.runtime }} --source="$here" --entry-point={{ fn.entry_point }} \
    --run-service-account="$SERVICE_ACCOUNT" --no-allow-unauthenticated \
    --cpu=1 --memory=512Mi --concurrency={{ fn.concurrency }} --max-instances="${MAX_INSTANCES:-10}" \
    --update-env-vars="{{ fn.environment }},GOOGLE_CLOUD_PROJECT=$PROJECT${ENV_VARS:+,$ENV_VARS}" "$@"
if [ "$mode" = dry-run ]; then
    show "$@"
else
    exec "$@"
fi
