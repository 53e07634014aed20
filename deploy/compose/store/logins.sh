#!/usr/bin/env bash
# Who may log in to the store, and with which of the roles. Run by the image when it makes a new
# cluster; run again by hand it gives the logins the passwords of the environment:
#   ./dev compose exec store bash /docker-entrypoint-initdb.d/logins.sh
# The roles' rights are given by `stockroom migrate`.
set -euo pipefail

psql -X -q -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d stockroom <<'EOF'
\getenv owner STOCKROOM_OWNER_PASSWORD
\getenv service STOCKROOM_SERVICE_PASSWORD
\getenv reader STOCKROOM_READER_PASSWORD
\getenv relay STOCKROOM_RELAY_PASSWORD

SELECT format('CREATE ROLE %I NOLOGIN', name)
FROM unnest(ARRAY['stockroom_service', 'stockroom_reader', 'stockroom_relay']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['stockroom_owner', 'service', 'reader', 'relay']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

GRANT stockroom_service TO service;
GRANT stockroom_reader TO reader;
GRANT stockroom_relay TO relay;

ALTER ROLE stockroom_owner PASSWORD :'owner';
ALTER ROLE service PASSWORD :'service';
ALTER ROLE reader PASSWORD :'reader';
ALTER ROLE relay PASSWORD :'relay';

ALTER DATABASE stockroom OWNER TO stockroom_owner;
REVOKE ALL ON DATABASE stockroom FROM PUBLIC;
GRANT CONNECT ON DATABASE stockroom TO service, reader, relay;
EOF
