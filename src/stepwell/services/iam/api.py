"""The operations of IAM as the gateway calls them."""

from __future__ import annotations

from stepwell.services.api import Embedded, Service
from stepwell.services.embedding import Embedding
from stepwell.services.iam import (
    attachments,
    groups,
    other_credentials,
    policies,
    renaming,
    roles,
    users,
)
from stepwell.services.iam.attachments import Attachments, find_policy
from stepwell.services.iam.iam import Iam
from stepwell.services.iam.inline_policies import InlinePolicies
from stepwell.services.iam.records import GROUP, PROFILE, ROLE, USER
from stepwell.services.iam.tagging import Boundary, Find, Tagging, by_name
from stepwell.services.operations import Run, runs

_OPERATIONS: dict[str, Run[Iam]] = {
    "CreateRole": roles.create_role,
    "GetRole": roles.get_role,
    "ListRoles": roles.list_roles,
    "UpdateRole": roles.update_role,
    "UpdateRoleDescription": roles.update_description,
    "UpdateAssumeRolePolicy": roles.update_trust,
    "DeleteRole": roles.delete_role,
    "CreateServiceLinkedRole": roles.create_linked,
    "DeleteServiceLinkedRole": roles.delete_linked,
    "GetServiceLinkedRoleDeletionStatus": roles.linked_deletion,
    "CreatePolicy": policies.create_policy,
    "GetPolicy": policies.get_policy,
    "ListPolicies": policies.list_policies,
    "DeletePolicy": policies.delete_policy,
    "CreatePolicyVersion": policies.create_version,
    "GetPolicyVersion": policies.get_version,
    "ListPolicyVersions": policies.list_versions,
    "DeletePolicyVersion": policies.delete_version,
    "SetDefaultPolicyVersion": policies.set_default,
    "ListEntitiesForPolicy": attachments.list_entities,
    "CreateUser": users.create_user,
    "GetUser": users.get_user,
    "ListUsers": users.list_users,
    "UpdateUser": renaming.update_user,
    "DeleteUser": users.delete_user,
    "CreateAccessKey": users.create_key,
    "ListAccessKeys": users.list_keys,
    "UpdateAccessKey": users.update_key,
    "DeleteAccessKey": users.delete_key,
    "ListAccountAliases": users.list_aliases,
    "GetLoginProfile": other_credentials.no_login_profile,
    "DeleteLoginProfile": other_credentials.no_login_profile,
    "CreateGroup": groups.create_group,
    "GetGroup": groups.get_group,
    "ListGroups": groups.list_groups,
    "ListGroupsForUser": groups.list_groups_for_user,
    "UpdateGroup": renaming.update_group,
    "DeleteGroup": groups.delete_group,
    "AddUserToGroup": groups.add_user,
    "RemoveUserFromGroup": groups.remove_user,
    "CreateInstanceProfile": groups.create_profile,
    "GetInstanceProfile": groups.get_profile,
    "ListInstanceProfiles": groups.list_profiles,
    "ListInstanceProfilesForRole": groups.list_profiles_for_role,
    "DeleteInstanceProfile": groups.delete_profile,
    "AddRoleToInstanceProfile": groups.add_role,
    "RemoveRoleFromInstanceProfile": groups.remove_role,
}


def _of_each_kind() -> dict[str, Run[Iam]]:
    """What roles, users and groups have alike."""
    found: dict[str, Run[Iam]] = {}
    for kind in (ROLE, USER, GROUP):
        name = kind.capitalize()
        inline = InlinePolicies(kind, f"{name}Name")
        attached = Attachments(kind, f"{name}Name")
        found |= {
            f"Put{name}Policy": inline.put,
            f"Get{name}Policy": inline.get,
            f"Delete{name}Policy": inline.delete,
            f"List{name}Policies": inline.list,
            f"Attach{name}Policy": attached.attach,
            f"Detach{name}Policy": attached.detach,
            f"ListAttached{name}Policies": attached.list,
        }
    for kind, name in ((ROLE, "Role"), (USER, "User")):
        boundary = Boundary(by_name(kind, f"{name}Name"))
        found[f"Put{name}PermissionsBoundary"] = boundary.put
        found[f"Delete{name}PermissionsBoundary"] = boundary.delete
    return found


def _of_tags() -> dict[str, Run[Iam]]:
    """Tags of everything that has some."""
    finders: dict[str, Find] = {
        "Role": by_name(ROLE, "RoleName"),
        "User": by_name(USER, "UserName"),
        "InstanceProfile": by_name(PROFILE, "InstanceProfileName"),
        "Policy": lambda iam, call, params: find_policy(iam, params["PolicyArn"]),
    }
    found: dict[str, Run[Iam]] = {}
    for name, find in finders.items():
        tagging = Tagging(find)
        found[f"Tag{name}"] = tagging.tag
        found[f"Untag{name}"] = tagging.untag
        found[f"List{name}Tags"] = tagging.list
    return found


def service(iam: Iam) -> Service:
    """IAM."""
    operations = _OPERATIONS | other_credentials.lists() | _of_each_kind() | _of_tags()
    return Service("iam", runs(iam, operations))


def embedded(iam: Iam) -> Embedded:
    """IAM as a part of the server."""
    return Embedding(iam, [service(iam)])
