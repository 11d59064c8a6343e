set -- --trigger-topic="$TOPIC" --trigger-service-account="$trigger_account" --retry "$@"
