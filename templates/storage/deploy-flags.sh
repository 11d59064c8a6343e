set -- --trigger-bucket="$BUCKET" --trigger-location="${TRIGGER_LOCATION:-$region}" \
    --trigger-service-account="$trigger_account" --retry "$@"
