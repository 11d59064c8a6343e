gcloud pubsub topics create my-topic --project=$PROJECT
