"""Every system that the city's plan names (吕梁市数字政府建设"十四五"规划), in the plan's own order. Data."""

from __future__ import annotations

from tongzheng.kernel.core.text import T

TARGET_CONNECTED = 0.9
TARGET_SERVICES = 20

PLAN: dict[str, T] = {
    "F1": T("政务云 · 多云管理", "Multi-cloud management"),
    "F2": T("电子政务外网", "E-government network"),
    "F3": T("数字政府服务管理平台", "The hub"),
    "F4": T("安全管理平台", "Security management"),
    "F5": T("数据共享交换平台", "Data sharing and exchange"),
    "F6": T("考核评价", "Assessment"),
    "F7": T("数据资产", "Data assets"),
    "D1": T("领导驾驶舱", "Leadership cockpit"),
    "D2": T("公共资源交易大数据分析", "Public resource trading"),
    "D3": T("营商环境综合管理", "Business environment"),
    "D4": T("一体化在线政务服务", "Government services"),
    "D5": T("政务信息化项目全流程", "IT project lifecycle"),
    "D6": T("政务区块链", "Government blockchain"),
    "D7": T("人工智能", "AI in service"),
    "D8": T("5G 政务大厅", "Service hall"),
    "D9": T("城市经济大脑", "City economic brain"),
    "D10": T("智慧审计", "Smart audit"),
    "G1": T("智慧社区", "Community"),
    "G2": T("智慧交通", "Traffic"),
    "G3": T("智慧安防", "Public safety"),
    "G4": T("智慧抢险", "Emergency"),
    "G5": T("智慧园林", "Gardens"),
    "G6": T("智慧城管", "City management"),
    "G7": T("智慧水利", "Water"),
    "G8": T("智能环保", "Environment"),
    "G9": T("智慧乡村", "Countryside"),
    "G10": T("智慧媒体", "Converged media"),
    "P1": T("12345 热线", "12345 hotline"),
    "P2": T("智慧医疗", "Medical"),
    "P3": T("智慧教育", "Education"),
    "P4": T("智慧文旅", "Culture and tourism"),
    "P5": T("智慧金融", "Finance"),
    "P6": T("吕梁通", "City app"),
}
