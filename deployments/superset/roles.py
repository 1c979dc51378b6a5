"""Roles and the administrator.

Invariant: ``Viewer`` may open dashboards of ours, filter them, look at the rows behind a chart and take them along as
CSV, and nothing else: no SQL, no editing, no list of databases or people. Its permissions are exactly these after each
set-up, whatever was clicked in between.
"""

from __future__ import annotations

from typing import Any

from deployments.superset.importer.store import is_ours

ADMIN = "admin"
VIEWER = "Viewer"
#: Permission, and what on.
VIEWER_MAY = (
    ("can_dashboard", "Superset"),
    ("can_dashboard_permalink", "Superset"),
    ("can_slice", "Superset"),
    ("can_explore_json", "Superset"),
    ("can_log", "Superset"),
    ("can_csv", "Superset"),
    ("can_share_dashboard", "Superset"),
    ("can_view_chart_as_table", "Dashboard"),
    ("can_read", "Dashboard"),
    ("can_read", "Chart"),
    ("can_read", "Dataset"),
    ("can_read", "Theme"),
    ("can_read", "CurrentUserRestApi"),
    # The token against forged requests.
    ("can_read", "SecurityRestApi"),
    ("can_read", "user"),
    ("can_read", "AvailableDomains"),
    ("can_read", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardFilterStateRestApi"),
    ("can_read", "DashboardPermalinkRestApi"),
    ("can_write", "DashboardPermalinkRestApi"),
    ("can_read", "ExploreFormDataRestApi"),
    ("can_write", "ExploreFormDataRestApi"),
    ("can_get_column_values", "Datasource"),
    ("can_samples", "Datasource"),
    ("can_drill", "Dashboard"),
    ("can_get_drill_info", "Dataset"),
    ("can_time_range", "Api"),
    ("can_query", "Api"),
    ("can_query_form_data", "Api"),
    ("can_recent_activity", "Log"),
    ("can_list", "DynamicPlugin"),
    ("can_get", "MenuApi"),
    ("can_userinfo", "UserDBModelView"),
    ("resetmypassword", "UserDBModelView"),
    ("can_this_form_get", "ResetMyPasswordView"),
    ("can_this_form_post", "ResetMyPasswordView"),
    ("menu_access", "Home"),
    ("menu_access", "Dashboards"),
)


def synchronise_roles() -> None:
    """What ``superset init`` does: permissions of this release, and the roles that come with it."""
    from superset import appbuilder, db, security_manager

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()


def synchronise_viewer() -> int:
    """Give ``Viewer`` exactly its permissions, with the datasets that were imported; how many datasets."""
    from superset import db, security_manager
    from superset.connectors.sqla.models import SqlaTable

    datasets = [dataset for dataset in db.session.query(SqlaTable).all() if is_ours(dataset)]
    found = [security_manager.find_permission_view_menu(permission, view) for permission, view in VIEWER_MAY]
    found += [security_manager.add_permission_view_menu("datasource_access", dataset.perm) for dataset in datasets]
    role = security_manager.add_role(VIEWER)
    # A permission that this release does not know is one that nobody can need.
    role.permissions = [permission for permission in found if permission is not None]
    db.session.commit()
    return len(datasets)


def synchronise_admin(password: str) -> str:
    """Make the administrator, or give them the password of the secret file; what was done."""
    from superset import db, security_manager
    from werkzeug.security import check_password_hash

    role = security_manager.find_role("Admin")
    user: Any = security_manager.find_user(ADMIN)
    if user is None:
        user = security_manager.add_user(ADMIN, "Admin", "FIX Lakehouse", "admin@localhost", role, password=password)
        if not user:
            raise RuntimeError("the administrator could not be made")
        return "made"
    done = "unchanged"
    if not user.active or role not in user.roles:
        user.active, user.roles = True, [*user.roles, role]
        db.session.commit()
        done = "made administrator again"
    if not check_password_hash(user.password, password):
        security_manager.reset_password(user.id, password)
        done = "given the new password"
    return done
