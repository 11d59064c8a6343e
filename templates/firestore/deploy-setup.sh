: "${DOCUMENT:?set it to the pattern of the documents, such as users/ID with ID in braces}"
{% include "shared/deploy-event-setup.sh" %}

{% include "shared/deploy-event-receiver.sh" %}

trigger_setup() {
    show_receiver
    show_invoker
}
