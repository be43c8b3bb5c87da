#!/bin/sh
# Writes .env for docker-compose.yml: fresh secrets and the site's address. A file that is there is never changed.
#   sh deploy/make-env.sh HOST [HTTPS_PORT]
set -eu
cd "$(dirname "$0")/.."
host=${1:?usage: make-env.sh HOST [HTTPS_PORT]}
port=${2:-443}
if [ -e .env ]; then
	echo ".env is there already; nothing was changed." >&2
	exit 0
fi
umask 077
hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }
address=$host
[ "$port" = 443 ] || address=$host:$port
{
	echo "# Written by deploy/make-env.sh. Keep it secret, and keep a copy: without the keys no link or password works."
	echo "SITE_HOST=$host"
	echo "SITE_ADDRESS=$address"
	echo "HTTPS_PORT=$port"
	echo "COUNTERSIGN_SECRET_KEY=$(hex 40)"
	echo "COUNTERSIGN_MASTER_KEYS=1:$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
	echo "SIGNING_PASSPHRASE=$(hex 24)"
	echo "POSTGRES_PASSWORD=$(hex 24)"
	echo "POSTGRES_RUNTIME_PASSWORD=$(hex 24)"
	echo "REDIS_PASSWORD=$(hex 24)"
	echo "S3_ACCESS_KEY=$(hex 10)"
	echo "S3_SECRET_KEY=$(hex 24)"
	echo "# For a trial: \`docker compose --profile trial up\` starts a catcher of mails under this name and port."
	echo "# For real work name your mail server, and see COUNTERSIGN_SMTP_* and COUNTERSIGN_MAIL_FROM in docs/operations.md."
	echo "COUNTERSIGN_SMTP_HOST=mail"
	echo "COUNTERSIGN_SMTP_PORT=2525"
} >.env
echo "Wrote .env for https://$address"
