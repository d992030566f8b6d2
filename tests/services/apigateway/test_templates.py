"""Mapping templates: what they stand for, and what they may not do."""

from __future__ import annotations

import json
from typing import Any

import airspeed  # type: ignore[import-untyped]
import pytest

from stepwell.services.apigateway.serving.mapping import UTIL, escape_javascript
from stepwell.services.apigateway.templates import TemplateTrouble, parse_template, render

NAMES: dict[str, Any] = {
    "map": {"a": 1, "b": "two"},
    "list": [1, 2, 3],
    "name": "Ann",
    "none": None,
}


def text(template: str, **names: Any) -> str:
    """The text of a template."""
    return render(parse_template(template), {**NAMES, "util": UTIL, **names})


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('plain # text $ 5 \\" {}', 'plain # text $ 5 \\" {}'),
        ("$name ${name} $!name $!{name}", "Ann Ann Ann Ann"),
        ("[$nope][${nope}][$none]", "[][][]"),
        ("$map.a $map.get('b') $map['b'] $map.nope", "1 two two "),
        ("$list[1] $list.get(0) $list.size()", "2 1 3"),
        ("$name.nope() $name.length()", " 3"),
        ("#set($x = 1 + 2 * 3)$x", "7"),
        ("#set($x = 7 / 2)$x,#set($y = 7 % 4)$y", "3,3"),
        ("#set($x = $list.size() - 1)$x", "2"),
        ('#set($x = "a $name b")$x', "a Ann b"),
        ("#set($x = 'a $name b')$x", "a $name b"),
        ('#set($x = "say ""hi""")$x', 'say "hi"'),
        ("#set($x = 'a' + 1)$x", "a1"),
        ("#set($x = [1, 'a', true])$x", "[1, a, true]"),
        ('#set($x = {"a": 1, "b": [2]})$x', "{a=1, b=[2]}"),
        ("#set($map.c = 3)$map.c", "3"),
        ("#set($list[0] = 9)$list", "[9, 2, 3]"),
        ("#if($name == 'Ann')yes#{else}no#end", "yes"),
        ("#if(!$nope && $name)a#elseif(true)b#else c#end", "a"),
        ("#if($nope)a#elseif($list.isEmpty())b#else c#end", " c"),
        ("#if(1 < 2 and not false)a#end", "a"),
        ("#if($list.size() >= 3 || false)a#end", "a"),
        ("#foreach($i in $list)$i#if($foreach.hasNext),#end#end", "1,2,3"),
        ("#foreach($i in [1..3])$foreach.index:$velocityCount #end", "0:1 1:2 2:3 "),
        ("#foreach($k in $map.keySet())$k=$map.get($k);#end", "a=1;b=two;"),
        ("#foreach($e in $map.entrySet())$e.key=$e.value;#end", "a=1;b=two;"),
        ("#foreach($v in $map)$v #end", "1 two "),
        ("#foreach($i in $list)#if($i == 2)#break#end$i#end.", "1."),
        ("#define($d)<$name>#end$d#set($name = 'Bo')$d", "<Ann><Bo>"),
        ("#macro(hi $who $how)$how $who!#end#hi($name 'Hello')", "Hello Ann!"),
        ("#notamacro(1) #abc", "#notamacro(1) #abc"),
        ("a ## comment\nb #* and\nmore *#c", "a b c"),
        ("#[[ $name #if ]]#", " $name #if "),
        ("\\$name \\#if", "$name #if"),
        ("a#stop b", "a"),
        ("  #set($x = 1)\n$x", "1"),
        ("$name.replaceAll('n+', '<$0>') $name.replaceAll('(A)(n)', '$2$1')", "A<nn> nAn"),
        ("$name.substring(1) $name.substring(0, 1) $name.toUpperCase()", "nn A ANN"),
        ("$name.indexOf('n') $name.contains('x') $name.split('n')", "1 false [A]"),
        ("$util.urlEncode('a b&c') $util.urlDecode('a+b%26')", "a+b%26c a b&"),
        ("$util.base64Encode('hé') $util.base64Decode('aMOp')", "aMOp hé"),
        ('$util.parseJson(\'{"x": [1, {"y": 2}]}\').x[1].y', "2"),
    ],
)
def test_a_template_stands_for_its_text(template: str, expected: str) -> None:
    """References, directives, expressions and methods are Velocity's."""
    assert text(template, map=dict(NAMES["map"]), list=list(NAMES["list"])) == expected


@pytest.mark.parametrize(
    "template",
    [
        '#set( $body = "it\'s" )\n{"input": "$body.replaceAll("\\\\\'", "\'")"}',
        "#foreach($i in $list)$i#if($foreach.hasNext),#end#end",
        '#define( $loop )\n{#foreach($key in $map.keySet())"$key":"$map.get($key)"'
        '#if($foreach.hasNext),#end#end}\n#end\n{"headers": $loop }',
        '{"a": $map.a, "b": "${map.b}", "c": "$nope"}',
        '#macro(hi $a)[hi $a]#end#hi("you")',
        "#if($name == 'Ann')\n  one\n#else\n  two\n#end\n",
    ],
)
def test_templates_of_tools_are_the_same_in_another_engine(template: str) -> None:
    """What people's tools write comes out as another implementation of the language has it."""
    names = {"map": {"a": 1, "b": "two"}, "list": [1, 2, 3], "name": "Ann"}
    assert render(parse_template(template), names) == airspeed.Template(template).merge(dict(names))


@pytest.mark.parametrize("body", ["it's", 'a "q" \\ b', "é\n\t\U0001f600", "</script>"])
def test_escaped_text_is_json_again(body: str) -> None:
    """escapeJavaScript, with apostrophes put back, can be read as JSON."""
    told = escape_javascript(json.dumps({"x": body}, ensure_ascii=False)).replace("\\'", "'")
    assert json.loads(json.loads(f'"{told}"')) == {"x": body}


@pytest.mark.parametrize(
    "template",
    [
        "#if(true)a",
        "#foreach($x $list)#end",
        "#set($x 1)",
        "#end",
        "#include('/etc/passwd')",
        "#parse('/etc/passwd')",
        "#evaluate($name)",
        "$name.replaceAll('(a+)+', 'x')",
        "$list.get(7)",
        "$name.substring(9)",
        "#set($x = 9223372036854775807 * 4)",
        "$util.parseJson('{')",
        "#foreach($i in [1..100000])#end",
        "#macro(a)#a()#end#a()",
        "#define($a)$a#end$a",
        "#set($s = 'xxxxxxxxxx')" + '#set($s = "$s$s")' * 40,
        "#set($l = [1])" + "#foreach($i in [1..40])#set($x = $l.addAll($l))#end",
        "#foreach($a in [1..999])#foreach($b in [1..999])$a#end#end",
        "(" * 3 + "#if(" + "(" * 500 + "1" + ")" * 500 + ")#end",
        "#if(true)" * 400,
    ],
)
def test_what_cannot_be_or_would_not_end_is_refused(template: str) -> None:
    """Mistakes, other files, and what takes too many steps or too much room end in an error."""
    with pytest.raises(TemplateTrouble):
        text(template, list=list(NAMES["list"]))


@pytest.mark.parametrize(
    "expression",
    ["$name.__class__", "$name.format('{0.__class__}')", "$util.__init__", "$list.__len__()"],
)
def test_objects_behind_values_are_out_of_reach(expression: str) -> None:
    """Only the methods of the tables are there."""
    assert text(expression) == ""
