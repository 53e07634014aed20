#!/usr/bin/env bash
# Started by root, RabbitMQ's programs run as rabbitmq, whose the data is.
set -euo pipefail
if [[ $1 == rabbitmq* && $(id -u) == 0 ]]; then
    if [[ $1 == rabbitmq-server ]]; then
        find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq {} +
    fi
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0" "$@"
fi
exec "$@"
