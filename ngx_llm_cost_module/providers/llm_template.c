
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_template.h"

#include <string.h>


/*
 * Figures are tokens of the vocabulary that a model is counted with, of the
 * texts of its template; a mark of the vocabulary is one.  Where they are from
 * is said above each.
 */


/*
 * gpt-oss: OpenAI's description of the harmony format.  Around a message are
 * <|start|>, its role, <|message|> and <|end|>.  The start is the system
 * message (who it is, knowledge cutoff, date, effort, channels), 61; a system's
 * message of the request becomes the developer's, under "# Instructions".
 * With functions the system message has a line on where calls go.
 */

static const llm_template_t  llm_template_gpt_oss = {
    .start = 61, .system = 8, .user = 4, .assistant = 6, .reply = 2,
    .shown = LLM_TEMPLATE_TYPES, .tools = 14, .inside = 4,
    .apart = 1, .call = 11, .result = 10, .named = 1, .thoughts = 6
};


/*
 * Qwen 3: chat_template of its tokenizer_config.json.  <|im_start|>, role, a
 * line's end; <|im_end|> and a line's end.  tests/test_llm_template.c counts
 * what its package has about tools.
 */

static const llm_template_t  llm_template_qwen = {
    .system = 5, .user = 5, .assistant = 5, .reply = 3,
    .shown = LLM_TEMPLATE_TOOLS, .tools = 76, .inside = 5,
    .call = 11, .spaced = 1, .results = 4, .result = 5, .thoughts = 5,
    .thinks = 1
};


/* Qwen 2 and 2.5, the same but for a system's message of their own, 16 */

static const llm_template_t  llm_template_qwen2 = {
    .nosystem = 21, .system = 5, .user = 5, .assistant = 5, .reply = 3,
    .shown = LLM_TEMPLATE_TOOLS, .tools = 76,
    .call = 11, .spaced = 1, .results = 4, .result = 5, .thoughts = -1
};


/*
 * Mistral: mistral-common from version 7 of the tokenizer on.  <s>;
 * [SYSTEM_PROMPT], [INST], [TOOL_RESULTS] and what ends them; </s>.  A call is
 * [TOOL_CALLS], its name, [ARGS] and the arguments as Python writes them.
 */

static const llm_template_t  llm_template_mistral = {
    .start = 1, .system = 2, .user = 2, .assistant = 1,
    .shown = LLM_TEMPLATE_LIST, .tools = 2,
    .call = 2, .spaced = 1, .result = 2, .thoughts = -1
};


/*
 * Models of it whose effort is set: {"reasoning_effort": "none"} between
 * [MODEL_SETTINGS] and its end, 12.
 */

static const llm_template_t  llm_template_mistral_effort = {
    .start = 13, .system = 2, .user = 2, .assistant = 1,
    .shown = LLM_TEMPLATE_LIST, .tools = 2,
    .call = 2, .spaced = 1, .result = 2, .thoughts = -1
};


/* Mixtral, and the first of all: "[INST] " and " [/INST]" are text, 7 */

static const llm_template_t  llm_template_mixtral = {
    .start = 1, .system = 2, .user = 7, .assistant = 1,
    .shown = LLM_TEMPLATE_LIST, .tools = 2,
    .call = 2, .spaced = 1, .result = 2, .thoughts = -1
};


/*
 * DeepSeek from V3.1 on: its encoding notes; tools and calls as V4 has them,
 * where each argument is a parameter in a language of marks.  A system's
 * message has nothing around it; <|User|>; <|Assistant|> and </think>.  What V4
 * is told of the highest effort is 79, which is the default of Responses.
 */

static const llm_template_t  llm_template_deepseek = {
    .start = 1, .user = 1, .assistant = 3, .reply = 2,
    .shown = LLM_TEMPLATE_FUNCTIONS, .tools = 218,
    .calls = 13, .call = 12, .argument = 13, .results = 1, .result = 7,
    .format = 17, .thinks = 1, .effort = 79
};


/* R1: its chat_template, which has no tools; hosts add them as they like */

static const llm_template_t  llm_template_deepseek_r1 = {
    .start = 1, .user = 1, .assistant = 2, .reply = 1,
    .shown = LLM_TEMPLATE_FUNCTIONS,
    .calls = 2, .call = 8, .results = 2, .result = 2, .thoughts = -1,
    .thinks = 1
};


/*
 * Kimi K2.5 and K2 Thinking: their chat_template.  <|im_user|>, the role,
 * <|im_middle|> and <|im_end|>; tools are a message of the role tool_declare.
 * <think> and </think> are in each answer, whether there are thoughts or none.
 * A result begins with "## Return of" and the call's identifier.
 */

static const llm_template_t  llm_template_kimi = {
    .system = 4, .user = 4, .assistant = 6, .reply = 4,
    .shown = LLM_TEMPLATE_TYPES, .tools = 5,
    .calls = 2, .call = 6, .spaced = 1, .result = 11, .named = 1,
    .thinks = 1
};


/* ... of 2025, with a system's message of its own, 14 */

static const llm_template_t  llm_template_kimi_k2 = {
    .nosystem = 18, .system = 4, .user = 4, .assistant = 4, .reply = 3,
    .shown = LLM_TEMPLATE_LIST, .tools = 5,
    .calls = 2, .call = 6, .spaced = 1, .result = 11, .named = 1,
    .thinks = 1
};


/*
 * GLM 4.5 and later: their chat_template.  [gMASK] and <sop>; a mark for each
 * role; <think> and </think> in front of each answer.
 */

static const llm_template_t  llm_template_glm = {
    .start = 2, .system = 1, .user = 1, .assistant = 3, .reply = 2,
    .shown = LLM_TEMPLATE_FUNCTIONS, .tools = 96,
    .call = 2, .argument = 1, .results = 1, .result = 2, .thinks = 1
};


/*
 * Llama 3 and 4: their chat_template.  <|begin_of_text|>; the role between two
 * marks, an empty line and <|eot_id|>.
 */

static const llm_template_t  llm_template_llama = {
    .start = 1, .system = 5, .user = 5, .assistant = 5, .reply = 4,
    .shown = LLM_TEMPLATE_TOOLS, .tools = 51, .tool = 25,
    .call = 8, .spaced = 1, .result = 5, .thoughts = -1
};


/*
 * Llama 3.1 to 3.3: a system's message begins with two dates, 20, and is there
 * always; tools are set in by four spaces, which is some 25 for a small one.
 */

static const llm_template_t  llm_template_llama31 = {
    .start = 21, .nosystem = 5, .system = 5, .user = 5, .assistant = 5,
    .reply = 4,
    .shown = LLM_TEMPLATE_TOOLS, .tools = 56, .tool = 25,
    .call = 8, .spaced = 1, .result = 5, .thoughts = -1
};


/* Gemma: its chat_template, where what a system says is the user's */

static const llm_template_t  llm_template_gemma = {
    .start = 1, .system = 1, .user = 5, .assistant = 5, .reply = 3,
    .shown = LLM_TEMPLATE_TOOLS, .call = 8, .result = 5, .thoughts = -1
};


/*
 * Nova: Amazon publishes neither vocabulary nor template.  The figures are from
 * recorded requests: nothing is around messages; of the second generation what
 * is in front of all, and of both what is said about tools.
 */

static const llm_template_t  llm_template_nova = {
    .shown = LLM_TEMPLATE_TOOLS, .tools = 335,
    .call = 15, .result = 15, .thoughts = -1, .hosted = 65
};

static const llm_template_t  llm_template_nova2 = {
    .start = 46,
    .shown = LLM_TEMPLATE_TOOLS, .tools = 800,
    .call = 27, .result = 26, .thoughts = -1, .hosted = 65, .thinking = 50
};


/* Gemini, as gateways speak to it: docs/accuracy.md */

static const llm_template_t  llm_template_gemini = {
    .shown = LLM_TEMPLATE_WORDS, .format = -1
};


/*
 * Grok: xAI adds a text of its own to what it is asked, and publishes neither
 * its length nor the template.  Both figures are from recorded requests: the
 * one about tools is the same for five models on three hosts; the other is not
 * there where a model does not reason.
 */

static const llm_template_t  llm_template_grok = {
    .start = 150, .system = 3, .user = 3, .assistant = 3,
    .shown = LLM_TEMPLATE_FUNCTIONS, .tools = 140,
    .call = 8, .result = 8, .thoughts = -1
};

/* ... from 4.3 on */

static const llm_template_t  llm_template_grok43 = {
    .start = 189, .system = 3, .user = 3, .assistant = 3,
    .shown = LLM_TEMPLATE_FUNCTIONS, .tools = 29,
    .call = 8, .result = 8, .thoughts = -1
};

static const llm_template_t  llm_template_grok_quick = {
    .system = 3, .user = 3, .assistant = 3,
    .shown = LLM_TEMPLATE_FUNCTIONS, .tools = 140,
    .call = 8, .result = 8, .thoughts = -1
};


/* what a name holds, in any case of letters: the first row that it holds */

static const struct {
    const char            *part;
    const llm_template_t  *template;
} llm_templates[] = {
    { "gpt-oss", &llm_template_gpt_oss },
    { "deepseek-r1", &llm_template_deepseek_r1 },
    { "deepseek", &llm_template_deepseek },
    { "qwen2", &llm_template_qwen2 },
    { "qwen", &llm_template_qwen },
    { "qwq", &llm_template_qwen },
    { "mixtral", &llm_template_mixtral },
    { "mistral-7b-instruct-v0", &llm_template_mixtral },
    { "mistral-small-latest", &llm_template_mistral_effort },
    { "mistral-small-26", &llm_template_mistral_effort },
    { "mistral", &llm_template_mistral },
    { "ministral", &llm_template_mistral },
    { "magistral", &llm_template_mistral },
    { "codestral", &llm_template_mistral },
    { "devstral", &llm_template_mistral },
    { "pixtral", &llm_template_mistral },
    { "kimi-k2-thinking", &llm_template_kimi },
    { "kimi-k2-", &llm_template_kimi_k2 },
    { "kimi", &llm_template_kimi },
    { "glm-4.5", &llm_template_glm },
    { "glm-4.6", &llm_template_glm },
    { "glm-4.7", &llm_template_glm },
    { "glm-5", &llm_template_glm },
    { "llama-3.", &llm_template_llama31 },
    { "llama3.", &llm_template_llama31 },
    { "llama-3-1", &llm_template_llama31 },
    { "llama-3-2", &llm_template_llama31 },
    { "llama-3-3", &llm_template_llama31 },
    { "llama3-1", &llm_template_llama31 },
    { "llama3-2", &llm_template_llama31 },
    { "llama3-3", &llm_template_llama31 },
    { "llama-3", &llm_template_llama },
    { "llama3", &llm_template_llama },
    { "llama-4", &llm_template_llama },
    { "llama4", &llm_template_llama },
    { "nova-2", &llm_template_nova2 },
    { "nova-", &llm_template_nova },
    { "gemma", &llm_template_gemma },
    { "gemini", &llm_template_gemini },
    { "grok-4.3", &llm_template_grok43 },
    { "non-reasoning", &llm_template_grok_quick },
    { "grok", &llm_template_grok }
};


int
llm_model_holds(const llm_str_t *name, const char *part)
{
    size_t                i, n;
    const unsigned char  *p;

    n = strlen(part);

    for (i = 0; i + n <= name->len; i++) {
        p = name->data + i;

        /* the first byte, in either case, rules out most places */

        if (((p[0] ^ part[0]) & ~0x20) == 0 && llm_lower_equal(p, part, n)) {
            return 1;
        }
    }

    return 0;
}


const llm_template_t *
llm_template_find(const llm_str_t *model)
{
    size_t  i;

    for (i = 0; i < sizeof(llm_templates) / sizeof(llm_templates[0]); i++) {
        if (llm_model_holds(model, llm_templates[i].part)) {
            return llm_templates[i].template;
        }
    }

    return NULL;
}
