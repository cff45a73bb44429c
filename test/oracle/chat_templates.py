"""Chats as text: transformers' `apply_chat_template`, for templates of the kinds that models come with.

Proves how templates are rendered, and what they are given. The templates were written for this test.
"""

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from numbers_file import NumbersFile

HOW = """text = apply_chat_template(messages, add_generation_prompt=addGenerationPrompt, tokenize=False) of a tokenizer with the
special tokens of `special` and the chat_template of the case; error: the message that the template raises."""

CHATML = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You answer questions.<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

LLAMA2 = """{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set system = messages[0]['content'] %}
{% else %}{% set rest = messages %}{% set system = false %}{% endif %}
{% for message in rest %}
    {% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Roles must alternate: user, assistant, user, ...') }}
    {% endif %}
    {% if loop.index0 == 0 and system != false %}
        {% set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + message['content'] %}
    {% else %}
        {% set content = message['content'] %}
    {% endif %}
    {% if message['role'] == 'user' %}
        {{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
    {% elif message['role'] == 'assistant' %}
        {{ ' ' + content.strip() + ' ' + eos_token }}
    {% endif %}
{% endfor %}"""

LLAMA3 = """{%- set given = messages %}
{%- for message in given %}
    {%- set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}
    {%- if loop.index0 == 0 %}
        {%- set content = bos_token + content %}
    {%- endif %}
    {{- content }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

MISTRAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system = messages[0]["content"] %}
    {%- set turns = messages[1:] %}
{%- else %}
    {%- set turns = messages %}
{%- endif %}
{%- set ns = namespace(user=0) %}
{{- bos_token }}
{%- for message in turns %}
    {%- if message["role"] == "user" %}
        {%- set ns.user = ns.user + 1 %}
        {%- if loop.last and system is defined %}
            {{- "[INST] " + system + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, after " ~ ns.user ~ " user messages") }}
    {%- endif %}
{%- endfor %}
"""

QWEN2 = """{%- if tools %}
    {{- '<|im_start|>system\\nTools: ' ~ (tools | tojson) ~ '<|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""

TEMPLATES = {"chatml": CHATML, "llama2": LLAMA2, "llama3": LLAMA3, "mistral": MISTRAL, "qwen2": QWEN2}

USER = {"role": "user", "content": " What is 2 + 2? \"Four\"\u00a0— 4 €? "}
ANSWER = {"role": "assistant", "content": "Four.\n"}
SYSTEM = {"role": "system", "content": "Be brief."}
CHATS = {
    "a question": [USER],
    "with a system message": [SYSTEM, USER],
    "a conversation": [USER, ANSWER, {"role": "user", "content": "And {{ 3 }} {% if %} < & 3?"}],
    "a conversation with a system message": [SYSTEM, USER, ANSWER, USER],
    "an answer first": [ANSWER, USER],
    "an unknown role": [USER, {"role": "critic", "content": "No."}],
}
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}


def main():
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"<unk>": 0}, "<unk>")), **SPECIAL)
    cases = []
    for kind, template in TEMPLATES.items():
        for name, messages in CHATS.items():
            for start in (False, True):
                try:
                    result = {"text": tokenizer.apply_chat_template(
                        messages, chat_template=template, add_generation_prompt=start, tokenize=False)}
                except Exception as error:  # noqa: BLE001 - jinja2's TemplateError, or a TypeError of the template
                    result = {"error": str(error)}
                cases.append({"kind": kind, "chat": name, "addGenerationPrompt": start, **result})
    NumbersFile("chat/chat_templates.json").write(HOW, {
        "special": SPECIAL, "templates": TEMPLATES, "chats": CHATS, "cases": cases})
