show_receiver() {
    show gcloud projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$trigger_account" \
        --role=roles/eventarc.eventReceiver --condition=None
}
