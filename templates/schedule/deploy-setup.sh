if [ "$mode" = setup ]; then
    : "${SCHEDULE:?set it to when the job runs, such as '0 6 * * *'}"
fi

trigger_setup() {
    caller=${SCHEDULER_SERVICE_ACCOUNT:-$SERVICE_ACCOUNT}
    url=https://$region-$PROJECT.cloudfunctions.net/{{ cookiecutter.function_name }}
    echo '# After the first deployment:'
    show gcloud functions add-invoker-policy-binding {{ cookiecutter.function_name }} --project="$PROJECT" \
        --region="$region" --member="serviceAccount:$caller"
    show gcloud scheduler jobs create http {{ cookiecutter.function_name }} --project="$PROJECT" --location="$region" \
        --schedule="$SCHEDULE" --uri="$url" --http-method=POST --max-retry-attempts=3 \
        --oidc-service-account-email="$caller" --oidc-token-audience="$url"
}
