"""Words for invented people and bodies of the demo city. Nobody and nothing of this exists."""

from __future__ import annotations

from random import Random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
MALE = "伟强军勇磊涛超明刚平辉鹏华飞健斌波宇浩凯林峰杰亮龙志建国文海俊晓永成东立新民生"
FEMALE = "芳娜敏静丽艳娟霞秀英慧玲洁燕红梅莉颖琳雪倩萍月春云丹晶婷佳瑞琴兰凤彩香桂玉淑文"

CITY_BODIES: tuple[tuple[str, str, str, str, str], ...] = (
    # code, name after 吕梁市, short, English, kind
    ("zfb", "人民政府办公室", "市政府办", "General Office", "government"),
    ("spj", "行政审批服务管理局", "市行政审批服务管理局", "Administrative Approval Bureau", "government"),
    ("gaj", "公安局", "市公安局", "Public Security Bureau", "government"),
    ("rsj", "人力资源和社会保障局", "市人社局", "Human Resources and Social Security Bureau", "government"),
    ("mzj", "民政局", "市民政局", "Civil Affairs Bureau", "government"),
    ("zjj", "住房和城乡建设局", "市住建局", "Housing and Construction Bureau", "government"),
    ("cgj", "城市管理局", "市城管局", "City Management Bureau", "government"),
    ("wjw", "卫生健康委员会", "市卫健委", "Health Commission", "government"),
    ("jyj", "教育局", "市教育局", "Education Bureau", "government"),
    ("hbj", "生态环境局", "市生态环境局", "Ecology and Environment Bureau", "government"),
    ("slj", "水利局", "市水利局", "Water Bureau", "government"),
    ("jtj", "交通运输局", "市交通局", "Transport Bureau", "government"),
    ("scj", "市场监督管理局", "市市场监管局", "Market Regulation Bureau", "government"),
    ("yjj", "应急管理局", "市应急局", "Emergency Management Bureau", "government"),
    ("ybj", "医疗保障局", "市医保局", "Medical Insurance Bureau", "government"),
    ("zrj", "规划和自然资源局", "市自然资源局", "Planning and Natural Resources Bureau", "government"),
    ("nyj", "农业农村局", "市农业农村局", "Agriculture Bureau", "government"),
    ("swj", "税务局", "市税务局", "Tax Bureau", "government"),
    ("wlj", "文化和旅游局", "市文旅局", "Culture and Tourism Bureau", "government"),
    ("fgw", "发展和改革委员会", "市发改委", "Development and Reform Commission", "government"),
    ("gxj", "工业和信息化局", "市工信局", "Industry and Information Bureau", "government"),
    ("czj", "财政局", "市财政局", "Finance Bureau", "government"),
    ("sfj", "司法局", "市司法局", "Justice Bureau", "government"),
    ("kjj", "科学技术局", "市科技局", "Science Bureau", "government"),
    ("tjj", "统计局", "市统计局", "Statistics Bureau", "government"),
    ("sjj", "审计局", "市审计局", "Audit Bureau", "government"),
    ("nengyuan", "能源局", "市能源局", "Energy Bureau", "government"),
    ("lcj", "林业和草原局", "市林草局", "Forestry Bureau", "government"),
    ("tyj", "体育局", "市体育局", "Sports Bureau", "government"),
    ("xfj", "信访局", "市信访局", "Petitions Bureau", "government"),
    ("shangwu", "商务局", "市商务局", "Commerce Bureau", "government"),
    ("gzw", "国有资产监督管理委员会", "市国资委", "State Assets Commission", "government"),
    ("jrb", "地方金融管理局", "市金融局", "Local Finance Bureau", "government"),
    ("tyjr", "退役军人事务局", "市退役军人局", "Veterans Affairs Bureau", "government"),
    ("sjju", "数据局", "市数据局", "Data Bureau", "government"),
    ("jgsw", "机关事务管理局", "市机关事务局", "Government Offices Administration", "government"),
    ("xfjy", "消防救援支队", "市消防支队", "Fire and Rescue Brigade", "government"),
    ("qxj", "气象局", "市气象局", "Meteorological Bureau", "government"),
    ("rx", "12345政务服务便民热线中心", "12345热线服务中心", "12345 Hotline Centre", "institution"),
    ("gjj", "住房公积金管理中心", "市公积金中心", "Housing Fund Centre", "institution"),
    ("bdc", "不动产登记中心", "市不动产登记中心", "Real Estate Registration Centre", "institution"),
    ("gr", "城市供热有限公司", "供热公司", "City Heating Company", "utility"),
    ("gs", "自来水有限公司", "供水公司", "City Water Company", "utility"),
    ("rq", "城市燃气有限公司", "燃气公司", "City Gas Company", "utility"),
    ("gj", "公共交通有限公司", "公交公司", "City Bus Company", "utility"),
    ("gd", "供电服务有限公司", "供电公司", "City Power Company", "utility"),
)
COUNTY_BODIES: tuple[tuple[str, str, str, str], ...] = (
    # code, name after the county, short after the county, English
    ("spj", "行政审批服务管理局", "行政审批局", "Administrative Approval Bureau"),
    ("gaj", "公安局", "公安局", "Public Security Bureau"),
    ("rsj", "人力资源和社会保障局", "人社局", "Human Resources and Social Security Bureau"),
    ("mzj", "民政局", "民政局", "Civil Affairs Bureau"),
    ("zjj", "住房和城乡建设管理局", "住建局", "Housing and Construction Bureau"),
    ("cgj", "城市管理局", "城管局", "City Management Bureau"),
    ("wjw", "卫生健康和体育局", "卫健局", "Health and Sports Bureau"),
    ("jyj", "教育科技局", "教科局", "Education and Science Bureau"),
    ("hbj", "生态环境分局", "生态环境分局", "Ecology and Environment Branch"),
    ("slj", "水利局", "水利局", "Water Bureau"),
    ("jtj", "交通运输局", "交通局", "Transport Bureau"),
    ("scj", "市场监督管理局", "市场监管局", "Market Regulation Bureau"),
    ("yjj", "应急管理局", "应急局", "Emergency Management Bureau"),
    ("ybj", "医疗保障局", "医保局", "Medical Insurance Bureau"),
    ("zrj", "自然资源局", "自然资源局", "Natural Resources Bureau"),
    ("nyj", "农业农村局", "农业农村局", "Agriculture Bureau"),
    ("swj", "税务局", "税务局", "Tax Bureau"),
    ("wlj", "文化和旅游局", "文旅局", "Culture and Tourism Bureau"),
    ("czj", "财政局", "财政局", "Finance Bureau"),
    ("fgj", "发展和改革局", "发改局", "Development and Reform Bureau"),
)
TRADES = (
    ("煤业", "煤炭开采"),
    ("焦化", "炼焦"),
    ("酒业", "白酒酿造"),
    ("枣业", "红枣加工"),
    ("核桃食品", "食品加工"),
    ("商贸", "批发零售"),
    ("餐饮管理", "餐饮"),
    ("物流", "道路运输"),
    ("建筑工程", "建筑"),
    ("农业开发", "种植养殖"),
    ("物业服务", "物业"),
    ("信息科技", "软件"),
    ("新能源", "光伏"),
    ("文化旅游", "旅游"),
    ("药房", "药品零售"),
    ("汽车服务", "机动车维修"),
)
LUCK = "恒昌瑞丰鑫源泰和宏达兴盛顺通润泽安康德信永嘉晟华博远正阳金穗云峰河曲黄土清源古塬红杉柳泉"


def person_name(random: Random, *, male: bool) -> str:
    """Return an invented name of two or three characters."""
    given = MALE if male else FEMALE
    return random.choice(SURNAMES) + "".join(random.sample(given, 1 if random.random() < 0.25 else 2))


def firm_name(random: Random, place: str) -> str:
    """Return an invented enterprise's name."""
    trade = random.choice(TRADES)[0]
    return f"{place}{''.join(random.sample(LUCK, 2))}{trade}有限公司"
