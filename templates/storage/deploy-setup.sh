: "${BUCKET:?set it to the name of the bucket}"
{% include "shared/deploy-event-setup.sh" %}

{% include "shared/deploy-event-receiver.sh" %}

if [ "$mode" = setup ]; then
    : "${PROJECT_NUMBER:?set it to the number of the project (gcloud projects describe prints it)}"
fi

trigger_setup() {
    show gcloud projects add-iam-policy-binding "$PROJECT" --role=roles/pubsub.publisher --condition=None \
        --member="serviceAccount:service-$PROJECT_NUMBER@gs-project-accounts.iam.gserviceaccount.com"
    show_receiver
    show_invoker
}
