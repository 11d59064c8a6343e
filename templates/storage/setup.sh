gcloud projects add-iam-policy-binding $PROJECT --member=serviceAccount:$RUNNER --role=roles/eventarc.eventReceiver --condition=None
gcloud projects add-iam-policy-binding $PROJECT --member=serviceAccount:$(gcloud storage service-agent --project=$PROJECT) --role=roles/pubsub.publisher --condition=None
