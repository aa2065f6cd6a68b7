"""Databases, tables and keys: each rule broken and kept, at a server that speaks as AWS does."""

import pytest

from cybervault.scans.cloud.data import DATABASE, KEY, TABLE
from cybervault.scans.seen import CoverageState
from tests.fakes.aws import ACCOUNT, EVERYBODY, REGION, Cloud, lying


async def test_a_database_is_judged_by_who_reaches_it_and_how_it_is_kept(cloud: Cloud) -> None:
    rds = cloud.client("rds")
    wish = {"DBInstanceClass": "db.t3.micro", "Engine": "postgres", "AllocatedStorage": 20, "MasterUsername": "root"}
    for name, is_kept in (("bare", False), ("kept", True)):
        rds.create_db_instance(
            DBInstanceIdentifier=name, MasterUserPassword="a-password-of-tests", PubliclyAccessible=not is_kept,
            StorageEncrypted=is_kept, BackupRetentionPeriod=7 if is_kept else 0, **wish,
        )  # fmt: skip
    found = await cloud.look(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:bare")
    assert found.rules.keys() == {
        "cloud_database_public", "cloud_database_unencrypted", "cloud_database_without_backups",
    }  # fmt: skip
    assert found.rules["cloud_database_public"].startswith("postgres: bare.")
    found = await cloud.look(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:kept")
    assert (found.rules, found.covered) == ({}, {"public access", "storage", "backups"})
    assert {"db:bare", "db:kept"} <= set(await cloud.listed(DATABASE))
    (line,) = (await cloud.look(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:gone")).lines
    assert line.reason == f"resource not found: account {ACCOUNT} has no such database"


async def test_a_table_is_judged_by_whether_it_can_be_had_again(cloud: Cloud) -> None:
    tables = cloud.client("dynamodb")
    tables.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    found = await cloud.look(arn)
    assert (found.rules, found.covered) == ({"cloud_table_without_recovery": ""}, {"recovery"})
    tables.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    found = await cloud.look(arn)
    assert (found.rules, found.covered) == ({}, {"recovery"})
    assert "table/orders" in await cloud.listed(TABLE)


async def test_a_key_is_judged_by_who_may_use_it_and_whether_it_is_rotated(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    bare, kept = kms.create_key(Policy=EVERYBODY % "kms:*"), kms.create_key()
    kms.enable_key_rotation(KeyId=kept["KeyMetadata"]["KeyId"])
    found = await cloud.look(bare["KeyMetadata"]["Arn"])
    assert found.rules == {"cloud_key_public": "statement Open allows kms:*", "cloud_key_not_rotated": ""}
    found = await cloud.look(kept["KeyMetadata"]["Arn"])
    assert (found.rules, found.covered) == ({}, {"policy", "rotation"})
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    assert (await cloud.look(signing)).rules == {}
    assert signing.rpartition(":")[2] in await cloud.listed(KEY)


@pytest.mark.parametrize("answer", ['{"KeyMetadata": {}}', "[]", '{"KeyMetadata": {"KeyId": 5}}'])
async def test_what_has_another_form_is_not_tested(answer: str) -> None:
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
    with lying({"DescribeKey": (200, answer)}) as (cloud, _):
        (line,) = (await cloud.look(arn)).lines
    assert (line.state, line.reason) == (CoverageState.NOT_TESTED, "what kms answered cannot be read")


async def test_another_database_than_was_asked_for_is_not_it() -> None:
    other = "<DBInstances><DBInstance><DBInstanceIdentifier>other</DBInstanceIdentifier></DBInstance></DBInstances>"
    result = f"<DescribeDBInstancesResult>{other}</DescribeDBInstancesResult>"
    text = f"<DescribeDBInstancesResponse>{result}</DescribeDBInstancesResponse>"
    with lying({"DescribeDBInstances": (200, text)}) as (cloud, _):
        (line,) = (await cloud.look(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:mine")).lines
    assert line.state is CoverageState.NOT_REACHED
