"""What breaks access, releases and watching, one thing at a time."""

from tests.template import access, deliveries, releases, rights, storage, watching
from tests.template.mutation import GONE, Mutation

PREDICT = "Resources.PredictFunction.Properties"
BATCH = "Resources.BatchFunction.Properties"
API = "Resources.Api.Properties"
BODY = f"{API}.DefinitionBody"
STATEMENT = "Properties.Policies.0.PolicyDocument.Statement"


def all_of_them() -> list[Mutation]:
    """Those mutations."""
    return [*_access(), *_releases(), *_watching()]


def _access() -> list[Mutation]:
    asks = access.every_operation_asks_who_calls
    slash: dict[str, object] = {"get": {"security": []}}
    cors: dict[str, object] = {"allowOrigins": ["*"], "allowCredentials": True}
    logs = f"{API}.AccessLogSettings"
    model, of_model = (
        access.model_is_read_and_no_more,
        "Resources.BatchRole.Properties.Policies.4.Fn::If.1.PolicyDocument.Statement.0",
    )
    return [
        Mutation(asks, "Parameters.ApiAuth.Default", "NONE"),
        Mutation(asks, f"{BODY}.paths./predict.post.security", [], ()),
        Mutation(asks, f"{BODY}.paths./predict.post.security"),
        Mutation(asks, f"{BODY}.paths./predict.post.security", [{}]),
        Mutation(asks, f"{BODY}.paths./", slash),
        Mutation(asks, f"{BODY}.paths./", GONE),
        Mutation(asks, f"{BODY}.components.securitySchemes", {}),
        Mutation(
            asks, f"{BODY}.components.securitySchemes.AWS_IAM", {"type": "apiKey", "in": "header", "name": "x-api-key"}
        ),
        Mutation(
            asks,
            "Resources.Open",
            {
                "Type": "AWS::Lambda::Url",
                "Properties": {"AuthType": "NONE", "TargetFunctionArn": {"Ref": "PredictFunction"}},
            },
        ),
        Mutation(access.warnings_of_the_api_stop_it, f"{API}.FailOnWarnings", False),
        *(
            Mutation(access.api_is_throttled, f"{API}.DefaultRouteSettings{key}")
            for key in ("", ".ThrottlingRateLimit", ".ThrottlingBurstLimit")
        ),
        Mutation(access.api_is_logged, logs),
        Mutation(access.api_is_logged, f"{logs}.Format", "$context.requestId"),
        Mutation(access.api_is_logged, f"{logs}.Format", '{"requestId": "$context.requestId"}'),
        Mutation(
            access.api_is_logged,
            f"{logs}.Format",
            '{"requestId": "$context.requestId", "status": "$context.status", "p": "$context.path"}',
        ),
        Mutation(access.origins_are_named_where_cookies_are_taken, f"{BODY}.x-amazon-apigateway-cors", cors),
        Mutation(access.environment_holds_no_secret, f"{PREDICT}.Environment", {"Variables": {"API_TOKEN": "x"}}),
        Mutation(
            access.environment_holds_no_secret,
            "Globals.Function.Environment.Variables.EXTRA",
            "{{resolve:secretsmanager:database}}",
        ),
        Mutation(
            model, f"{of_model}.Resource", "arn:aws:s3:::models/*", (rights.rights_are_enough, rights.rights_are_few)
        ),
        Mutation(
            model,
            f"{of_model}.Action",
            ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
            (rights.rights_are_enough,),
        ),
        Mutation(model, "Resources.PredictRole.Properties.Policies.2"),
        Mutation(model, "Globals.Function.Environment.Variables.MODEL_SHA256"),
    ]


def _releases() -> list[Mutation]:
    alias, version = releases.callers_go_through_the_alias, releases.every_release_is_a_version
    back, work = releases.releases_go_back, releases.hooks_may_do_their_work
    both = {"Fn::GetAtt": ["PredictFunction", "Arn"]}
    preference = f"{PREDICT}.DeploymentPreference"
    return [
        Mutation(alias, "Resources.BatchFunctionStream.Properties.FunctionName", {"Ref": "BatchFunction"}),
        Mutation(version, f"{BATCH}.AutoPublishAlias", "next", (alias,)),
        Mutation(back, preference, GONE),
        Mutation(back, f"{preference}.Hooks.PreTraffic"),
        Mutation(back, f"{preference}.Hooks"),
        Mutation(back, f"{preference}.Alarms"),
        Mutation(back, f"{preference}.Alarms", [{"Ref": "BatchErrorsAlarm"}]),
        Mutation(back, f"{BATCH}.DeploymentPreference.Alarms", [{"Ref": "QueueAgeAlarm"}]),
        Mutation(work, "Resources.ReleaseCheckFunction.Properties.ImageConfig.Command.0", "function.app.handler"),
        Mutation(
            work,
            "Resources.ReleaseCheckFunction.Properties.Environment.Variables.NEW_VERSIONS",
            {"Ref": "PredictFunction.Version"},
        ),
        Mutation(work, f"Resources.ReleaseCheckRole.{STATEMENT}.3.Resource.1"),
        Mutation(work, f"Resources.ReleaseCheckRole.{STATEMENT}.2"),
        Mutation(work, f"Resources.ReleaseTidyRole.{STATEMENT}.4.Resource", [both]),
        Mutation(work, f"Resources.ReleaseTidyRole.{STATEMENT}.3.Action.1"),
        Mutation(
            releases.old_versions_are_few,
            "Resources.ReleaseTidyFunction.Properties.Environment.Variables.KEEP_VERSIONS",
        ),
        Mutation(releases.old_versions_are_few, "Parameters.KeepVersions.Default", 1000),
        Mutation(
            releases.snapshots_and_provisioned_concurrency_exclude_each_other,
            PREDICT,
            lambda properties: (
                properties
                | {
                    "SnapStart": {"ApplyOn": "PublishedVersions"},
                    "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1},
                }
            ),
        ),
    ]


def _watching() -> list[Mutation]:
    told, watched = watching.alarms_tell_someone, watching.functions_are_watched
    kept, slow = watching.failures_are_watched, watching.slow_functions_are_seen_before_they_are_stopped
    traced, boards = watching.calls_are_traced, watching.dashboards_show_what_there_is
    alarms = "Resources.{}Alarm.Properties"
    return [
        Mutation(told, f"{alarms.format('PredictErrors')}.AlarmActions"),
        Mutation(told, f"{alarms.format('ApiErrors')}.AlarmActions", []),
        Mutation(told, f"{alarms.format('ApiErrors')}.ActionsEnabled", False),
        Mutation(told, f"{alarms.format('QueueAge')}.TreatMissingData", "breaching"),
        Mutation(told, "Resources.AlarmKey.Properties.KeyPolicy.Statement.1"),
        Mutation(watched, f"{alarms.format('BatchThrottles')}.MetricName", "Invocations"),
        Mutation(watched, "Resources.BatchDroppedAlarm"),
        Mutation(watched, f"{alarms.format('PredictErrors')}.Threshold", 1000),
        Mutation(watched, "Resources.ReleaseErrorsAlarm"),
        Mutation(slow, "Resources.BatchDurationAlarm"),
        Mutation(slow, f"{alarms.format('PredictDuration')}.Threshold", 200),
        Mutation(slow, f"{alarms.format('PredictDuration')}.Metrics.0.MetricStat.Stat", "Average"),
        Mutation(slow, f"{alarms.format('BatchDuration')}.Metrics.1.Expression", "p99 / 10 / 29"),
        *(
            Mutation(kept, f"Resources.{queue}Alarm")
            for queue in ("DeadLetterQueue", "FailureQueue", "UndeliveredQueue")
        ),
        Mutation(kept, f"{alarms.format('FailureQueue')}.Threshold", 100),
        Mutation(kept, "Resources.BatchDestinationAlarm"),
        Mutation(watching.api_errors_are_watched, "Resources.ApiErrorsAlarm"),
        Mutation(watching.streams_are_watched, "Resources.StreamAlarm"),
        Mutation(traced, f"{PREDICT}.Tracing", "PassThrough"),
        Mutation(traced, "Resources.BatchRole.Properties.Policies.3"),
        Mutation(boards, "Resources.Dashboard"),
        Mutation(boards, "Resources.Dashboard.Properties.DashboardBody", "{"),
        Mutation(
            boards, "Resources.Dashboard.Properties.DashboardBody", {"Fn::Sub": '{"widgets": [], "x": "${Gone}"}'}
        ),
        Mutation(storage.log_groups_forget, "Resources.ApiLogGroup.Properties.RetentionInDays"),
        Mutation(storage.buckets_refuse_plain_http, "Resources.AlarmTopicPolicy", GONE),
        Mutation(storage.resources_are_encrypted, "Resources.AlarmTopic.Properties.KmsMasterKeyId"),
        Mutation(deliveries.functions_stop_recursion, f"{BATCH}.RecursiveLoop", "Allow"),
        Mutation(rights.rights_are_few, f"Resources.DeploymentRole.{STATEMENT}.2.Action", "cloudwatch:*"),
        Mutation(rights.rights_are_few, f"Resources.DeploymentRole.{STATEMENT}.1.Resource", "*"),
    ]
