trigger_setup() {
    if [ -n "${INVOKER-}" ]; then
        echo '# After the first deployment:'
        show gcloud functions add-invoker-policy-binding {{ cookiecutter.function_name }} --project="$PROJECT" \
            --region="$region" --member="$INVOKER"
    fi
}
