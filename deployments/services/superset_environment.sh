# Sourced by superset-setup.sh and superset.sh. What is secret, superset_config.py reads from its files itself.
mkdir -p "$SUPERSET_HOME"
cd "$FIXLAKE_PROJECT"

export PATH=$SUPERSET_VENV/bin:$PATH PYTHONPATH=$FIXLAKE_PROJECT
export SUPERSET_CONFIG_PATH=$FIXLAKE_PROJECT/deployments/superset/superset_config.py
export SUPERSET_ENV=production SCARF_ANALYTICS=false
export FIXLAKE_SECRETS FIXLAKE_POSTGRES_HOST FIXLAKE_POSTGRES_PORT FIXLAKE_PUBLISHED FIXLAKE_SITE_URL
export SUPERSET_HOME FIXLAKE_BIND FIXLAKE_SUPERSET_PORT
