for stage in staging prod; do
  if [ -e "deploy.$stage.yaml" ]; then
    gcloud functions deploy {{ cookiecutter.function_name }} --flags-file=deploy.yaml --flags-file="deploy.$stage.yaml"
  elif [ "$stage" = prod ]; then
    gcloud functions deploy {{ cookiecutter.function_name }} --flags-file=deploy.yaml
  fi
done
