"""The expanded template passes cfn-lint and every check, and each check notices what it is there for. Files only."""

import json
from itertools import combinations

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]  # it ships no types

from tests.template import access, deliveries, operation_mutations, releases, rights, storage, watching
from tests.template.expand import Refused, Template, expand, of, source
from tests.template.mutation import Check, Mutation, break_template

CHECKS: tuple[Check, ...] = (
    deliveries.output_is_never_input,
    deliveries.environment_names_the_buckets,
    deliveries.functions_stop_recursion,
    deliveries.messages_stay_hidden,
    deliveries.messages_are_redriven,
    deliveries.files_are_worked_on_alone,
    deliveries.batches_fail_in_part,
    deliveries.queue_concurrency_is_bounded,
    deliveries.streams_get_past_poison,
    deliveries.asynchronous_failures_are_kept,
    deliveries.queues_keep_undelivered,
    deliveries.failures_are_kept_for_fourteen_days,
    deliveries.answers_before_the_api_gives_up,
    storage.buckets_refuse_plain_http,
    storage.resources_are_encrypted,
    storage.buckets_are_private,
    storage.buckets_forget,
    storage.buckets_outlive_the_stack,
    storage.logs_are_json_and_end,
    storage.log_groups_forget,
    rights.rights_are_few,
    rights.invokers_are_named,
    rights.rights_are_enough,
    access.every_operation_asks_who_calls,
    access.warnings_of_the_api_stop_it,
    access.api_is_throttled,
    access.api_is_logged,
    access.origins_are_named_where_cookies_are_taken,
    access.environment_holds_no_secret,
    access.model_is_read_and_no_more,
    releases.callers_go_through_the_alias,
    releases.every_release_is_a_version,
    releases.releases_go_back,
    releases.hooks_may_do_their_work,
    releases.old_versions_are_few,
    releases.snapshots_and_provisioned_concurrency_exclude_each_other,
    watching.alarms_tell_someone,
    watching.functions_are_watched,
    watching.slow_functions_are_seen_before_they_are_stopped,
    watching.failures_are_watched,
    watching.api_errors_are_watched,
    watching.streams_are_watched,
    watching.calls_are_traced,
    watching.dashboards_show_what_there_is,
)
MODEL: dict[str, object] = {"ModelUri": "s3://models/houses/1/", "ModelSha256": "0123456789abcdef" * 4}
JWT: dict[str, object] = {"ApiAuth": "JWT", "JwtIssuer": "https://issuer.example", "JwtAudience": "one,two"}
STREAM: dict[str, object] = {"StreamArn": "arn:aws:kinesis:eu-central-1:123456789012:stream/records"}


def complaining(document: Template, parameters: dict[str, object] | None = None) -> dict[str, list[str]]:
    """The checks that complain of it with a stream and a model in a bucket, or these parameters, and what of."""
    resolved = of(document, STREAM | MODEL if parameters is None else parameters)
    return {check.__name__: complaints for check in CHECKS if (complaints := check(resolved))}


def errors(document: Template) -> list[str]:
    """What cfn-lint finds in the expanded document.

    But for W2001, an artefact of the expansion.
    """
    config = {"regions": ["eu-central-1"], "ignore_checks": ["W2001"]}
    return [f"{match.rule.id} {match.message}" for match in lint(json.dumps(expand(document)), config=config)]


def test_expanded_template_has_no_lint() -> None:
    assert errors(source()) == []


def test_lint_sees_a_circle() -> None:
    circle = break_template(
        ("Resources.BatchFunction.Properties.Environment.Variables.INPUT_BUCKET", {"Ref": "InputBucket"})
    )
    assert {error[:5] for error in errors(circle)} == {"E3004"}


TIMEOUTS = source()["Parameters"]["BatchTimeout"]["AllowedValues"]
CASES: tuple[dict[str, object], ...] = (
    {},
    STREAM,
    {"EventBusName": "orders", "EventSource": "shop", "EventDetailType": "Order placed"},
    {"InputPrefix": "a/", "ResultsPrefix": "a/"},
    {"InputPrefix": "predictions/", "ResultsPrefix": "input/"},
    {"Timeout": 3, "QueueBatchSize": 1, "QueueWindow": 1, "QueueConcurrency": 1000},
    JWT,
    MODEL,
    {"CorsOrigins": "*", "AlarmEmail": "someone@example.org", "ProvisionedConcurrency": 2, "ApiConcurrency": 5},
    {"SnapStart": "On", "Deployment": "Canary10Percent5Minutes", "BatchConcurrency": 5, "MetricsNamespace": ""},
    *({"BatchTimeout": timeout, "QueueWindow": 60} for timeout in TIMEOUTS),
)


@pytest.mark.parametrize("parameters", CASES, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_template_passes(check: Check, parameters: dict[str, object]) -> None:
    assert check(of(source(), parameters)) == []


def test_stream_is_only_there_when_asked_for() -> None:
    with_stream, without = (set(of(source(), case)["Resources"]) for case in (STREAM, {}))
    assert with_stream - without == {"BatchFunctionStream", "StreamPolicy", "StreamAlarm"}


@pytest.mark.parametrize(("switch", "expected"), [("On", {"ApplyOn": "PublishedVersions"}), ("Off", None)])
def test_snapshots_are_taken_only_when_asked_for(switch: str, expected: object) -> None:
    resources = of(source(), {"SnapStart": switch})["Resources"]
    found = [resources[name]["Properties"].get("SnapStart") for name in ("PredictFunction", "BatchFunction")]
    assert found == [expected, expected]


def test_both_functions_have_one_image_and_one_runtime() -> None:
    resources = source()["Resources"]
    one, other = (resources[name] for name in ("PredictFunction", "BatchFunction"))
    assert one["Metadata"] == other["Metadata"]
    assert one["Metadata"]["DockerBuildTarget"] == {"Ref": "ImageTarget"}
    found = of(source(), {"ModelRuntime": "joblib"})["Resources"]
    for name in ("PredictFunction", "BatchFunction"):
        assert found[name]["Properties"]["Environment"]["Variables"]["MODEL_RUNTIME"] == "joblib"


PAIRED: tuple[dict[str, object], ...] = (
    {"ApiAuth": "NONE"},
    {"ApiAuth": "JWT"},
    JWT,
    MODEL,
    {"ModelUri": "s3://models/houses/1/"},
    {"ModelSha256": "0123456789abcdef" * 4},
    {"CorsOrigins": "https://one.example,https://two.example"},
    {"Deployment": "Linear10PercentEvery1Minute"},
    {"ProvisionedConcurrency": 1},
    {"SnapStart": "On"},
    {"ApiConcurrency": 10},
    {"BatchConcurrency": 10},
    {"AlarmEmail": "someone@example.org"},
    {"MetricsNamespace": ""},
    {"Timeout": 3},
    {"BatchTimeout": 60},
    {"Architecture": "arm64"},
    STREAM,
)


@pytest.mark.parametrize("pair", list(combinations(PAIRED, 2)), ids=str)
def test_pairs_of_parameters_pass_or_are_refused_in_words(pair: tuple[dict[str, object], dict[str, object]]) -> None:
    parameters = pair[0] | pair[1]
    one_of_model = ("ModelUri" in parameters) != ("ModelSha256" in parameters)
    both_warm = parameters.get("SnapStart") == "On" and "ProvisionedConcurrency" in parameters
    nobody = parameters.get("ApiAuth") == "JWT" and "JwtIssuer" not in parameters
    if one_of_model or both_warm or nobody:
        with pytest.raises(Refused):
            of(source(), parameters)
        return
    found = complaining(source(), parameters)
    public = {"every_operation_asks_who_calls"} if parameters.get("ApiAuth") == "NONE" else set()
    assert set(found) == public, found


@pytest.mark.parametrize("name", sorted(source()["Parameters"]))
def test_version_is_published_when_a_parameter_changes_the_function_and_only_then(name: str) -> None:
    # Lambda refuses to publish a version that is as the last one was.
    declared = source()["Parameters"][name]
    changed = {name: other_value(declared)}
    if name in ("ModelUri", "ModelSha256", "ModelVersionId"):
        before, after = MODEL, MODEL | changed
    else:
        before, after = {}, (JWT | changed if name in ("ApiAuth", "JwtIssuer", "JwtAudience") else changed)
    one, other = (of(source(), parameters) for parameters in (before, after))
    for function in ("PredictFunction", "BatchFunction"):
        differs = configuration(one, function) != configuration(other, function)
        assert (version_of(one, function) != version_of(other, function)) == differs, function


def other_value(declared: Template) -> object:
    """A value that the parameter takes and that is not its default."""
    allowed = [value for value in declared.get("AllowedValues", []) if value != declared.get("Default")]
    if allowed:
        return allowed[0]
    if declared["Type"] == "Number":
        return int(declared["Default"]) + 1 if int(declared["Default"]) < declared["MaxValue"] else declared["MinValue"]
    return "f" * 64 if "64" in declared.get("AllowedPattern", "") else "s3://other/prefix/"


def configuration(template: Template, function: str) -> Template:
    """What of the function a version keeps: all but its concurrency."""
    properties = template["Resources"][function]["Properties"]
    return {key: value for key, value in properties.items() if key != "ReservedConcurrentExecutions"}


def version_of(template: Template, function: str) -> str:
    """The name of the version that the alias is at."""
    alias = template["Resources"][f"{function}Aliaslive"]["Properties"]
    return str(alias["FunctionVersion"]["Fn::GetAtt"][0])


def test_visibility_covers_the_longest_window() -> None:
    document = source()
    visibilities = document["Mappings"]["BatchTimeouts"]
    assert set(visibilities) == {str(timeout) for timeout in TIMEOUTS}
    window = document["Parameters"]["QueueWindow"]["MaxValue"]
    assert all(v["QueueVisibility"] >= 6 * int(timeout) + window for timeout, v in visibilities.items())


def _mutations() -> list[Mutation]:
    batch = "Resources.BatchFunction.Properties"
    role = "Resources.BatchRole.Properties"
    files = f"{role}.Policies.1.PolicyDocument.Statement"
    stream = "Resources.BatchFunctionStream.Properties"
    message = f"{batch}.Events.Message.Properties"
    inputs = {"Fn::Sub": "${AWS::StackName}-input-${AWS::AccountId}-${AWS::Region}"}
    results = {"Fn::Sub": "${AWS::StackName}-results-${AWS::AccountId}-${AWS::Region}"}
    may_write = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]
    everywhere = {"Fn::Sub": "arn:${AWS::Partition}:s3:::${AWS::StackName}-*/*"}
    elsewhere = {
        "Fn::Sub": "arn:${AWS::Partition}:s3:::${AWS::StackName}-results-${AWS::AccountId}-${AWS::Region}/other/*"
    }
    queues = ("Queue", "FilesQueue", "DeadLetterQueue", "ResultsQueue", "FailureQueue", "UndeliveredQueue")
    buckets = ("InputBucket", "ResultsBucket")
    few, enough = rights.rights_are_few, rights.rights_are_enough
    kept = deliveries.failures_are_kept_for_fourteen_days
    return [
        Mutation(deliveries.output_is_never_input, f"{batch}.Events.File.Properties.Filter", also=(enough,)),
        Mutation(
            deliveries.output_is_never_input, f"{batch}.Environment.Variables.RESULTS_BUCKET", inputs, also=(enough,)
        ),
        Mutation(
            deliveries.output_is_never_input,
            f"{files}.1.Resource",
            everywhere,
            (few, enough, access.model_is_read_and_no_more),
        ),
        Mutation(
            deliveries.environment_names_the_buckets, f"{batch}.Environment.Variables.INPUT_BUCKET", results, (enough,)
        ),
        Mutation(deliveries.functions_stop_recursion, "Globals.Function.RecursiveLoop"),
        Mutation(deliveries.functions_stop_recursion, "Globals.Function.RecursiveLoop", "Allow"),
        Mutation(deliveries.messages_stay_hidden, "Mappings.BatchTimeouts.900.QueueVisibility", 5399),
        Mutation(deliveries.messages_stay_hidden, "Resources.Queue.Properties.VisibilityTimeout"),
        Mutation(deliveries.messages_are_redriven, "Resources.Queue.Properties.RedrivePolicy.maxReceiveCount", 1),
        Mutation(deliveries.messages_are_redriven, "Resources.Queue.Properties.RedrivePolicy.maxReceiveCount", 100),
        Mutation(deliveries.messages_are_redriven, "Resources.Queue.Properties.RedrivePolicy"),
        Mutation(deliveries.messages_are_redriven, "Resources.FilesQueue.Properties.RedrivePolicy.maxReceiveCount", 2),
        Mutation(deliveries.messages_are_redriven, "Resources.FilesQueue.Properties.RedrivePolicy"),
        Mutation(deliveries.messages_stay_hidden, "Resources.FilesQueue.Properties.VisibilityTimeout", 900),
        Mutation(deliveries.files_are_worked_on_alone, f"{batch}.Environment.Variables.FILES_QUEUE_URL"),
        Mutation(
            deliveries.files_are_worked_on_alone,
            f"{batch}.Environment.Variables.FILES_QUEUE_URL",
            {"Ref": "ResultsQueue"},
        ),
        Mutation(deliveries.files_are_worked_on_alone, f"{batch}.Events.FileMessage"),
        Mutation(deliveries.files_are_worked_on_alone, f"{batch}.Events.FileMessage.Properties.BatchSize"),
        Mutation(deliveries.files_are_worked_on_alone, f"{batch}.Events.FileMessage.Properties.BatchSize", 2),
        Mutation(
            deliveries.files_are_worked_on_alone,
            f"{batch}.Events.FileMessage.Properties.MaximumBatchingWindowInSeconds",
            5,
        ),
        Mutation(deliveries.batches_fail_in_part, f"{message}.FunctionResponseTypes"),
        Mutation(deliveries.batches_fail_in_part, f"{stream}.FunctionResponseTypes"),
        Mutation(deliveries.queue_concurrency_is_bounded, f"{message}.ScalingConfig"),
        Mutation(deliveries.streams_get_past_poison, f"{stream}.BisectBatchOnFunctionError"),
        Mutation(deliveries.streams_get_past_poison, f"{stream}.MaximumRetryAttempts"),
        Mutation(deliveries.streams_get_past_poison, f"{stream}.MaximumRetryAttempts", -1),
        Mutation(deliveries.streams_get_past_poison, f"{stream}.DestinationConfig"),
        Mutation(deliveries.asynchronous_failures_are_kept, f"{batch}.EventInvokeConfig"),
        Mutation(deliveries.asynchronous_failures_are_kept, f"{batch}.EventInvokeConfig.DestinationConfig"),
        Mutation(deliveries.asynchronous_failures_are_kept, f"{batch}.EventInvokeConfig.MaximumRetryAttempts", 0),
        Mutation(deliveries.queues_keep_undelivered, f"{batch}.Events.Notification.Properties.RedrivePolicy"),
        Mutation(deliveries.queues_keep_undelivered, f"{batch}.Events.Rule.Properties.DeadLetterConfig"),
        Mutation(deliveries.queues_keep_undelivered, f"{batch}.Events.Rule.Properties.RuleName", "another"),
        Mutation(
            deliveries.queues_keep_undelivered, "Resources.UndeliveredQueuePolicy.Properties.PolicyDocument.Statement.1"
        ),
        Mutation(
            deliveries.queues_keep_undelivered, "Resources.UndeliveredQueuePolicy.Properties.PolicyDocument.Statement.2"
        ),
        *(
            Mutation(kept, f"Resources.{q}.Properties.MessageRetentionPeriod")
            for q in queues
            if q.startswith(("D", "Fail", "U"))
        ),
        Mutation(
            deliveries.answers_before_the_api_gives_up,
            "Resources.PredictFunction.Properties.Timeout",
            60,
            (watching.slow_functions_are_seen_before_they_are_stopped,),
        ),
        *(
            Mutation(storage.buckets_refuse_plain_http, f"Resources.{holder}Policy")
            for holder in (*queues[:5], *buckets, "Topic")
        ),
        *(
            Mutation(
                storage.buckets_refuse_plain_http,
                f"Resources.{holder}Policy.Properties.PolicyDocument.Statement.0.{key}",
                value,
            )
            for holder in ("Queue", "InputBucket", "Topic")
            for key, value in (
                ("Condition.Bool", {"aws:SecureTransport": True}),
                ("Principal", {"AWS": "123456789012"}),
            )
        ),
        Mutation(
            storage.buckets_refuse_plain_http,
            "Resources.InputBucketPolicy.Properties.PolicyDocument.Statement.0.Resource",
            {"Fn::GetAtt": ["InputBucket", "Arn"]},
        ),
        *(
            Mutation(storage.resources_are_encrypted, f"Resources.{queue}.Properties.SqsManagedSseEnabled", False)
            for queue in queues
        ),
        *(
            Mutation(storage.resources_are_encrypted, f"Resources.{bucket}.Properties.BucketEncryption")
            for bucket in buckets
        ),
        Mutation(storage.resources_are_encrypted, "Resources.Topic.Properties.KmsMasterKeyId"),
        *(
            Mutation(storage.buckets_are_private, f"Resources.{bucket}.Properties.{key}")
            for bucket in buckets
            for key in (
                "PublicAccessBlockConfiguration",
                "PublicAccessBlockConfiguration.BlockPublicPolicy",
                "OwnershipControls",
            )
        ),
        *(
            Mutation(storage.buckets_forget, f"Resources.{bucket}.Properties.LifecycleConfiguration.Rules.0.{key}")
            for bucket in buckets
            for key in ("AbortIncompleteMultipartUpload", "ExpirationInDays")
        ),
        Mutation(
            storage.buckets_forget, "Resources.InputBucket.Properties.LifecycleConfiguration.Rules.0.Status", "Disabled"
        ),
        Mutation(
            storage.buckets_forget,
            "Resources.InputBucket.Properties.LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration",
        ),
        Mutation(storage.buckets_forget, "Resources.InputBucket.Properties.VersioningConfiguration"),
        *(
            Mutation(storage.buckets_outlive_the_stack, f"Resources.{bucket}.{policy}", "Delete")
            for bucket in buckets
            for policy in ("DeletionPolicy", "UpdateReplacePolicy")
        ),
        *(
            Mutation(storage.logs_are_json_and_end, f"Resources.{function}.Properties.LoggingConfig.{key}")
            for function in ("PredictFunction", "BatchFunction")
            for key in ("LogFormat", "LogGroup")
        ),
        Mutation(storage.logs_are_json_and_end, f"{batch}.LoggingConfig.LogGroup", {"Ref": "PredictLogGroup"}),
        *(
            Mutation(storage.log_groups_forget, f"Resources.{g}LogGroup.Properties.RetentionInDays")
            for g in ("Predict", "Batch")
        ),
        Mutation(few, f"{role}.Policies.2.PolicyDocument.Statement.0.Action.3", "sqs:*"),
        Mutation(
            few,
            f"{role}.Policies.0.PolicyDocument.Statement",
            [{"Effect": "Allow", "NotAction": "iam:*", "Resource": {"Fn::GetAtt": ["BatchLogGroup", "Arn"]}}],
            (storage.logs_are_json_and_end,),
        ),
        Mutation(few, f"{role}.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]),
        Mutation(few, "Resources.PredictRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource", "*"),
        Mutation(few, "Resources.StreamPolicy.Properties.PolicyDocument.Statement.0.Resource", "*"),
        Mutation(
            few,
            "Resources.UndeliveredQueuePolicy.Properties.PolicyDocument.Statement.1.Condition",
            {},
            (deliveries.queues_keep_undelivered,),
        ),
        Mutation(enough, f"{files}.0.Action", "s3:GetObject"),
        Mutation(enough, f"{files}.1.Action", [*may_write, "s3:DeleteObjectVersion"]),
        Mutation(enough, f"{files}.1.Action", may_write[:-1]),
        Mutation(enough, f"{files}.1.Resource", elsewhere),
        Mutation(enough, f"{files}.2"),
        Mutation(enough, f"{role}.Policies.2.PolicyDocument.Statement.0.Action.1", "sqs:ListQueueTags"),
        Mutation(enough, f"{role}.Policies.2.PolicyDocument.Statement.1.Resource.0", {"Fn::GetAtt": ["Queue", "Arn"]}),
        Mutation(enough, f"{role}.Policies.2.PolicyDocument.Statement.1.Resource.2", {"Fn::GetAtt": ["Queue", "Arn"]}),
        Mutation(enough, f"{role}.Policies.2.PolicyDocument.Statement.0.Resource.1"),
        Mutation(enough, "Resources.StreamPolicy.Properties.Roles", [{"Ref": "PredictRole"}]),
    ]


@pytest.mark.parametrize(
    "mutation", [*_mutations(), *operation_mutations.all_of_them()], ids=lambda m: f"{m.noticed_by.__name__}: {m.path}"
)
def test_check_notices_what_it_is_for(mutation: Mutation) -> None:
    found = complaining(break_template((mutation.path, mutation.value)))
    expected = {check.__name__ for check in (mutation.noticed_by, *mutation.also)}
    assert set(found) == expected, found
