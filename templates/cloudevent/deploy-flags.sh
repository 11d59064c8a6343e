set -- --trigger-event-filters="$EVENT_FILTERS" --trigger-location="${TRIGGER_LOCATION:-$region}" \
    --trigger-service-account="$trigger_account" --retry "$@"
