trigger_account=${TRIGGER_SERVICE_ACCOUNT:-$SERVICE_ACCOUNT}

show_invoker() {
    echo '# After the first deployment:'
    show gcloud functions add-invoker-policy-binding {{ cookiecutter.function_name }} --project="$PROJECT" \
        --region="$region" --member="serviceAccount:$trigger_account"
}
