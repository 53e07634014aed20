#!/usr/bin/env bash
# Makes a cluster in an empty PGDATA as POSTGRES_USER, _PASSWORD, _DB and _INITDB_ARGS (each also from
# the file named by …_FILE) and /docker-entrypoint-initdb.d say; then starts PostgreSQL. Started by
# root, it runs as postgres, whose the data is.
set -euo pipefail

die() {
    echo "Error: $*" >&2
    exit 1
}

# from_file NAME DEFAULT : NAME from the file that NAME_FILE names, where that is set.
from_file() {
    local file_name=$1_FILE
    local file=${!file_name:-} value=${!1:-}
    [[ -z $file || -z $value ]] || die "both $1 and $file_name are set"
    [[ -z $file ]] || value=$(<"$file")
    export "$1=${value:-$2}"
    unset "$file_name"
}

temporary_server() {
    pg_ctl --pgdata="$PGDATA" --wait --options="-c listen_addresses=''" "$1"
}

process_sql() {
    PGHOST='' psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" "$@"
}

run_init_file() {
    echo "$0: running $1"
    case $1 in
    *.sh) if [[ -x $1 ]]; then "$1"; else
        # shellcheck disable=SC1090
        . "$1"
    fi ;;
    *.sql) process_sql --dbname "$POSTGRES_DB" --file "$1" ;;
    *.sql.gz) gunzip -c "$1" | process_sql --dbname "$POSTGRES_DB" ;;
    *) echo "$0: ignoring $1" ;;
    esac
}

make_cluster() {
    from_file POSTGRES_PASSWORD ''
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS ''
    local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
    [[ -n $POSTGRES_PASSWORD || $method == trust ]] ||
        die "Database is uninitialized and superuser password is not specified." \
            "You must specify POSTGRES_PASSWORD to a non-empty value for the superuser."
    local password_file arguments
    password_file=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$password_file"
    read -ra arguments <<<"$POSTGRES_INITDB_ARGS"
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$password_file" "${arguments[@]}"
    rm "$password_file"
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"

    export PGPASSWORD=$POSTGRES_PASSWORD
    temporary_server start
    [[ $POSTGRES_DB == postgres ]] ||
        process_sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        [[ ! -e $file ]] || run_init_file "$file"
    done
    temporary_server stop
    unset PGPASSWORD
    echo "PostgreSQL init process complete; ready for start up."
}

[[ ${1:-} != -* ]] || set -- postgres "$@"
if [[ ${1:-} == postgres ]]; then
    if [[ $(id -u) == 0 ]]; then
        mkdir -p "$PGDATA"
        chmod 700 "$PGDATA"
        find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres {} +
        exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
    fi
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA" || true
    [[ -s $PGDATA/PG_VERSION ]] || make_cluster
fi
exec "$@"
