gcloud projects add-iam-policy-binding $PROJECT --member=serviceAccount:$RUNNER --role=roles/eventarc.eventReceiver --condition=None
