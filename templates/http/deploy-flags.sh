set -- --trigger-http "$@"
