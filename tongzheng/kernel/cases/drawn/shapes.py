"""The vocabulary of BPMN 2.0: which elements there are, what each is called, and which of them can run."""

from __future__ import annotations

from tongzheng.kernel.core.text import T

TASKS = {
    "task": T("任务", "task"),
    "userTask": T("人工任务", "user task"),
    "manualTask": T("手工任务", "manual task"),
    "serviceTask": T("服务任务", "service task"),
    "businessRuleTask": T("规则任务", "business rule task"),
    "scriptTask": T("脚本任务", "script task"),
    "sendTask": T("发送任务", "send task"),
    "receiveTask": T("接收任务", "receive task"),
}
GLOBAL_TASKS = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}
SUBS = {
    "subProcess": T("子流程", "sub-process"),
    "transaction": T("事务子流程", "transaction"),
    "adHocSubProcess": T("即席子流程", "ad-hoc sub-process"),
}
CALL = {"callActivity": T("调用活动", "call activity")}
GATEWAYS = {
    "exclusiveGateway": T("排他网关", "exclusive gateway"),
    "inclusiveGateway": T("相容网关", "inclusive gateway"),
    "parallelGateway": T("并行网关", "parallel gateway"),
    "eventBasedGateway": T("事件网关", "event-based gateway"),
    "complexGateway": T("复杂网关", "complex gateway"),
}
EVENTS = {
    "startEvent": T("开始事件", "start event"),
    "intermediateCatchEvent": T("中间捕获事件", "intermediate catch event"),
    "intermediateThrowEvent": T("中间抛出事件", "intermediate throw event"),
    "boundaryEvent": T("边界事件", "boundary event"),
    "endEvent": T("结束事件", "end event"),
}
UNRUN = {
    "implicitThrowEvent": T("隐式抛出事件", "implicit throw event"),
    "choreographyTask": T("编排任务", "choreography task"),
    "subChoreography": T("子编排", "sub-choreography"),
    "callChoreography": T("调用编排", "call choreography"),
}
NODES: dict[str, T] = {**TASKS, **SUBS, **CALL, **GATEWAYS, **EVENTS, **UNRUN}
ACTIVITIES = {*TASKS, *SUBS, *CALL}
FLOW = {"sequenceFlow": T("顺序流", "sequence flow"), "process": T("流程", "process")}
PLAIN: dict[str, T] = {
    **NODES,
    **FLOW,
    "lane": T("泳道", "lane"),
    "participant": T("泳池", "pool"),
    "messageFlow": T("消息流", "message flow"),
    "dataObject": T("数据对象", "data object"),
    "dataObjectReference": T("数据对象引用", "data object reference"),
    "dataStoreReference": T("数据存储引用", "data store reference"),
    "definitions": T("文件", "file"),
}

TRIGGERS = {
    "timerEventDefinition": "timer",
    "messageEventDefinition": "message",
    "errorEventDefinition": "error",
    "escalationEventDefinition": "escalation",
    "signalEventDefinition": "signal",
    "conditionalEventDefinition": "conditional",
    "linkEventDefinition": "link",
    "compensateEventDefinition": "compensation",
    "terminateEventDefinition": "terminate",
    "cancelEventDefinition": "cancel",
}
TRIGGER_WORDS = {
    "timer": T("定时", "timer"),
    "message": T("消息", "message"),
    "error": T("错误", "error"),
    "escalation": T("上报", "escalation"),
    "signal": T("信号", "signal"),
    "conditional": T("条件", "conditional"),
    "link": T("链接", "link"),
    "compensation": T("补偿", "compensation"),
    "terminate": T("终止", "terminate"),
    "cancel": T("取消", "cancel"),
}
ALLOWED: dict[str, set[str]] = {
    "startEvent": {"timer", "message", "signal", "conditional"},
    "eventStart": {"timer", "message", "signal", "conditional", "error", "escalation", "compensation"},
    "intermediateCatchEvent": {"timer", "message", "signal", "conditional", "link"},
    "intermediateThrowEvent": {"message", "signal", "escalation", "link", "compensation"},
    "boundaryEvent": {
        *("timer", "message", "signal", "conditional"),
        *("error", "escalation", "compensation", "cancel"),
    },
    "endEvent": {"message", "signal", "error", "escalation", "compensation", "terminate", "cancel"},
}
"""Which triggers an event may have, by where it stands; "eventStart" is the start of an event sub-process."""


def called(kind: str) -> T:
    """Return what an element is called, its own name if nobody knows it."""
    return PLAIN.get(kind, T(kind, kind))
