: "${TOPIC:?set it to the name of the Pub/Sub topic}"
{% include "shared/deploy-event-setup.sh" %}

trigger_setup() {
    show gcloud pubsub topics create "$TOPIC" --project="$PROJECT"
    show_invoker
}
