set -- --trigger-location="${TRIGGER_LOCATION:-$region}" \
    --trigger-event-filters="type=google.cloud.firestore.document.v1.written,database=${DATABASE:-(default)}" \
    --trigger-event-filters-path-pattern="document=$DOCUMENT" \
    --trigger-service-account="$trigger_account" --retry "$@"
