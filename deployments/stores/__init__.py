"""MinIO and PostgreSQL, made what the other services expect: buckets, users, policies, databases, roles."""
