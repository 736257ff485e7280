"""What must hold of buckets, queues, topics and logs: who gets at them, and when they forget. As in deliveries."""

from tests.template.expand import Template
from tests.template.reading import find_by_type, make_list, may, resource_policies, target, text


def buckets_refuse_plain_http(template: Template) -> list[str]:
    """Buckets, queues and topics refuse everyone who comes without TLS."""
    refusing = set()
    for name, statement in resource_policies(template):
        condition = statement.get("Condition", {}).get("Bool", {})
        resources = {text(resource) for resource in make_list(statement["Resource"])}
        if (
            statement["Effect"] == "Deny"
            and statement["Principal"] == "*"
            and str(condition.get("aws:SecureTransport")).lower() == "false"
            and statement["Action"] in ("s3:*", "sqs:*", "sns:Publish")
            and resources == list_own_arns(template, name)
        ):
            refusing.add(name)
    holders = find_by_type(template, "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic")
    return [f"{name}: answers without TLS" for name, _ in holders if name not in refusing]


def list_own_arns(template: Template, name: str) -> set[str]:
    """The texts under which a policy names the whole of the resource."""
    resource = template["Resources"][name]
    if resource["Type"] == "AWS::S3::Bucket":
        arn = f"arn:aws:s3:::{resource['Properties']['BucketName']}"
        return {arn, f"{arn}/*"}
    return {f"{name}.Ref" if resource["Type"] == "AWS::SNS::Topic" else f"{name}.Arn"}


def resources_are_encrypted(template: Template) -> list[str]:
    """Buckets, queues and topics are."""
    buckets = [n for n, p in find_by_type(template, "AWS::S3::Bucket") if "BucketEncryption" not in p]
    queues = [n for n, p in find_by_type(template, "AWS::SQS::Queue") if p.get("SqsManagedSseEnabled") is not True]
    topics = [n for n, p in find_by_type(template, "AWS::SNS::Topic") if "KmsMasterKeyId" not in p]
    return [f"{name}: not encrypted" for name in buckets + queues + topics]


def buckets_are_private(template: Template) -> list[str]:
    """No access list, no public policy."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::S3::Bucket"):
        block = properties.get("PublicAccessBlockConfiguration", {})
        names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        complaints += [f"{name}: {key}" for key in names if block.get(key) is not True]
        rules = properties.get("OwnershipControls", {}).get("Rules", [])
        if [rule["ObjectOwnership"] for rule in rules] != ["BucketOwnerEnforced"]:
            complaints.append(f"{name}: ObjectOwnership")
    return complaints


def buckets_forget(template: Template) -> list[str]:
    """Objects, their old versions and unfinished uploads go; the bucket that is read from has versions."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::S3::Bucket"):
        rules = properties.get("LifecycleConfiguration", {}).get("Rules", [])
        whole = [r for r in rules if r["Status"] == "Enabled" and not r.keys() & {"Prefix", "TagFilters"}]
        versioned = properties.get("VersioningConfiguration", {}).get("Status") == "Enabled"
        if not any("ExpirationInDays" in rule for rule in whole):
            complaints.append(f"{name}: objects never expire")
        if not any(rule.get("AbortIncompleteMultipartUpload") == {"DaysAfterInitiation": 1} for rule in whole):
            complaints.append(f"{name}: unfinished uploads stay")
        if versioned and not any("NoncurrentVersionExpiration" in rule for rule in whole):
            complaints.append(f"{name}: old versions stay")
        if "NotificationConfiguration" in properties and not versioned:
            complaints.append(f"{name}: an event's version is not kept")
    return complaints


def buckets_outlive_the_stack(template: Template) -> list[str]:
    """Deleting or replacing the stack deletes no file."""
    kept = ("Retain", "RetainExceptOnCreate")
    return [
        f"{name}: {policy}"
        for name, _ in find_by_type(template, "AWS::S3::Bucket")
        for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        if template["Resources"][name].get(policy) not in kept
    ]


def logs_are_json_and_end(template: Template) -> list[str]:
    """Each function writes JSON to a group of its own, which the stack holds, with an end."""
    complaints = []
    for name, properties in find_by_type(template, "AWS::Lambda::Function"):
        logging = properties.get("LoggingConfig", {})
        group = target(logging.get("LogGroup", ""))
        if logging.get("LogFormat") != "JSON":
            complaints.append(f"{name}: LogFormat")
        if template["Resources"].get(group, {}).get("Type") != "AWS::Logs::LogGroup":
            complaints.append(f"{name}: no log group of its own")
        elif not may(template, name, "logs:PutLogEvents", f"{group}.Arn"):
            complaints.append(f"{name}: may not write to {group}")
    return complaints


def log_groups_forget(template: Template) -> list[str]:
    """Each log group has a retention."""
    return [
        f"{n}: RetentionInDays" for n, p in find_by_type(template, "AWS::Logs::LogGroup") if "RetentionInDays" not in p
    ]
