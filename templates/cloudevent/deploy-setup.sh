: "${EVENT_FILTERS:?set it to the events, such as type=google.cloud.audit.log.v1.written,serviceName=...}"
{% include "shared/deploy-event-setup.sh" %}

{% include "shared/deploy-event-receiver.sh" %}

trigger_setup() {
    show_receiver
    show_invoker
}
