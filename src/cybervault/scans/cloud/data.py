"""Databases of RDS, tables of DynamoDB and keys of KMS: who reaches them, and whether they can be had again."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from cybervault.scans.cloud.answers import Node
from cybervault.scans.cloud.client import Aws
from cybervault.scans.cloud.kind import AbsentError, Hit, Kind, Question, Resource, json_pages, judged, pages, read
from cybervault.scans.cloud.policies import open_statements


async def _database(aws: Aws, resource: Resource) -> Node:
    answer = await aws.query("rds", "DescribeDBInstances", resource.region, DBInstanceIdentifier=resource.name)
    found = answer.one("DescribeDBInstancesResult/DBInstances/DBInstance")
    if found is None or found.said("DBInstanceIdentifier") != resource.name:
        raise AbsentError
    return found


def _access(database: Node) -> list[Hit]:
    if database.said("PubliclyAccessible") != "true":
        return []
    place = database.one("Endpoint")
    where = "" if place is None else f": {place.said('Address')}:{place.said('Port')}"
    return [("cloud_database_public", f"{database.said('Engine')}{where}")]


def _storage(database: Node) -> list[Hit]:
    return [] if database.said("StorageEncrypted") == "true" else [("cloud_database_unencrypted", "")]


def _backups(database: Node) -> list[Hit]:
    days = database.said("BackupRetentionPeriod")
    return [("cloud_database_without_backups", "kept for 0 days")] if days in {"", "0"} else []


async def _databases(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in pages(aws, "rds", "DescribeDBInstances", region=region):
        for one in answer.all("DescribeDBInstancesResult/DBInstances/DBInstance"):
            yield f"db:{one.said('DBInstanceIdentifier')}"


class _Recovery(msgspec.Struct):
    PointInTimeRecoveryStatus: str


class _Continuous(msgspec.Struct):
    PointInTimeRecoveryDescription: _Recovery | None = None


class _Backups(msgspec.Struct):
    ContinuousBackupsDescription: _Continuous


class _Table(msgspec.Struct):
    Table: dict[str, Any]


class _Tables(msgspec.Struct):
    TableNames: list[str]
    LastEvaluatedTableName: str | None = None


async def _table(aws: Aws, resource: Resource) -> _Table:
    return await aws.json("dynamodb", "DescribeTable", resource.region, sort=_Table, TableName=resource.name)


async def _recovery(aws: Aws, resource: Resource, _table: _Table) -> list[Hit]:
    action, wish = "DescribeContinuousBackups", {"TableName": resource.name}
    answer = await aws.json("dynamodb", action, resource.region, sort=_Backups, **wish)
    found = answer.ContinuousBackupsDescription.PointInTimeRecoveryDescription
    is_on = found is not None and found.PointInTimeRecoveryStatus == "ENABLED"
    return [] if is_on else [("cloud_table_without_recovery", "")]


async def _tables(aws: Aws, region: str) -> AsyncIterator[str]:
    turn = ("LastEvaluatedTableName", "ExclusiveStartTableName")
    async for answer in json_pages(aws, ("dynamodb", "ListTables"), region, sort=_Tables, turn=turn):
        for one in answer.TableNames:
            yield f"table/{one}"


class _Metadata(msgspec.Struct):
    KeyId: str
    KeyManager: str = "CUSTOMER"
    KeyState: str = "Enabled"
    KeySpec: str = "SYMMETRIC_DEFAULT"
    Origin: str = "AWS_KMS"


class _Key(msgspec.Struct):
    KeyMetadata: _Metadata


class _Rotation(msgspec.Struct):
    KeyRotationEnabled: bool


class _Policy(msgspec.Struct):
    Policy: str


class _Listed(msgspec.Struct):
    KeyId: str


class _Keys(msgspec.Struct):
    Keys: list[_Listed]
    NextMarker: str | None = None


async def _key(aws: Aws, resource: Resource) -> _Metadata:
    return (await aws.json("kms", "DescribeKey", resource.region, sort=_Key, KeyId=resource.name)).KeyMetadata


async def _key_policy(aws: Aws, resource: Resource, _key: _Metadata) -> list[Hit]:
    wish = {"KeyId": resource.name, "PolicyName": "default"}
    answer = await aws.json("kms", "GetKeyPolicy", resource.region, sort=_Policy, **wish)
    found = read(open_statements, answer.Policy)
    return [("cloud_key_public", "; ".join(found))] if found else []


async def _rotation(aws: Aws, resource: Resource, key: _Metadata) -> list[Hit]:
    # AWS rotates its own keys by itself; keys of other forms, and those that were brought along, cannot be rotated so.
    is_ours = (key.KeyManager, key.KeySpec, key.Origin) == ("CUSTOMER", "SYMMETRIC_DEFAULT", "AWS_KMS")
    if not is_ours or key.KeyState != "Enabled":
        return []
    answer = await aws.json("kms", "GetKeyRotationStatus", resource.region, sort=_Rotation, KeyId=resource.name)
    return [] if answer.KeyRotationEnabled else [("cloud_key_not_rotated", "")]


async def _keys(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in json_pages(aws, ("kms", "ListKeys"), region, sort=_Keys, turn=("NextMarker", "Marker")):
        for one in answer.Keys:
            yield f"key/{one.KeyId}"


DATABASE: Final = Kind(
    service="rds",
    what="database",
    pattern=re.compile(r"db:([a-z][a-z0-9-]{0,62})"),
    absent=frozenset({"DBInstanceNotFound", "DBInstanceNotFoundFault"}),
    find=_database,
    questions=(
        Question("public access", ("cloud_database_public",), judged(_access)),
        Question("storage", ("cloud_database_unencrypted",), judged(_storage)),
        Question("backups", ("cloud_database_without_backups",), judged(_backups)),
    ),
    all=_databases,
)
TABLE: Final = Kind(
    service="dynamodb",
    what="table",
    pattern=re.compile(r"table/([A-Za-z0-9_.-]{3,255})"),
    absent=frozenset({"ResourceNotFoundException"}),
    find=_table,
    questions=(Question("recovery", ("cloud_table_without_recovery",), _recovery),),
    all=_tables,
)
KEY: Final = Kind(
    service="kms",
    what="key",
    pattern=re.compile(r"key/([A-Za-z0-9-]{1,64})"),
    absent=frozenset({"NotFoundException"}),
    find=_key,
    questions=(
        Question("policy", ("cloud_key_public",), _key_policy),
        Question("rotation", ("cloud_key_not_rotated",), _rotation),
    ),
    all=_keys,
)
KINDS: Final = (DATABASE, TABLE, KEY)
