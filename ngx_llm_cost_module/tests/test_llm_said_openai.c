
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * All that an answer of OpenAI's dialect says it has used: a row has every
 * figure that is known then, so that one which is dropped, counted twice or
 * taken for 0 is another text.
 */

#include "said_fixture.h"


#define CHAT       "/v1/chat/completions"
#define RESPONSES  "/v1/responses"
#define IMAGES     "/v1/images/generations"
#define HEAR       "/v1/audio/transcriptions"
#define FILMS      "/v1/videos/generations"
#define DRAWS      "{\"model\":\"gpt-image-1\",\"prompt\":\"a cat\"}"
#define DRAWS_MORE  "{\"model\":\"gpt-image-1\",\"prompt\":\"a cat\","    \
                   "\"stream\":true}"
#define SEVEN      "{\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5,"
#define X_SEARCHED(web, x)  SEVEN "\"server_side_tool_usage_details\":{"     \
                   "\"web_search_calls\":" web ",\"x_search_calls\":" x "}}}"
#define INVOKED(people, finance)  SEVEN "\"tool_calls_details\":{"           \
                   "\"people_search\":{\"invocation\":" people "},"           \
                   "\"finance_search\":{\"invocation\":" finance "}}}}"
#define RUNS       "{\"model\":\"m\",\"stream\":true,\"input\":\"hi\"}"
#define COSTS(cost)  SEVEN "\"cost\":" cost "}}"
#define OWN_KEY(fee, upstream)  SEVEN "\"cost\":" fee ",\"is_byok\":true,"    \
                   "\"cost_details\":{\"upstream_inference_cost\":"          \
                   upstream "}}}"
#define DELTA(what)  "{\"type\":\"response." what ".delta\","               \
                   "\"output_index\":0,\"delta\":\"one two three\"}\n"


static const said_t  openai_rows[] = {

    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":6,"
      "\"total_tokens\":13}}",
      "in=9 out=6 seen" },
    { &llm_openai, "/v1/embeddings", "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"data\":[],\"usage\":{\"prompt_tokens\":0,\"total_tokens\":5}}",
      "in=0 out=0 seen finished" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":2,\"total_tokens\":5,"
      "\"prompt_tokens_details\":{\"cached_tokens\":3}}}",
      "in=5 out=0 cached=3 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":0}}",
      "in=0 seen" },
    { &llm_openai, CHAT, ASKS_MORE,
      "{\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n[DONE]\n",
      "counted=1 finished" },

    { &llm_openai, RESPONSES, RUNS,
      "{\"type\":\"response.incomplete\",\"response\":{\"status\":"
      "\"incomplete\",\"incomplete_details\":{\"reason\":"
      "\"max_output_tokens\"},\"usage\":{\"input_tokens\":9,"
      "\"output_tokens\":4}}}\n",
      "in=9 out=4 seen finished truncated ended" },
    { &llm_openai, RESPONSES, RUNS,
      "{\"type\":\"error\",\"message\":\"x\"}\n",
      "error" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"status\":\"completed\",\"usage\":7}",
      "bad finished ended" },
    { &llm_openai, CHAT, ASKS,
      "{\"choices\":[{\"message\":{\"function_call\":{\"name\":\"get\","
      "\"arguments\":\"{}\"}}}]}",
      "counted=9" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"o3\",\"choices\":[{\"message\":{\"content\":"
      "\"hello\"}}]}",
      "counted=11 of=o3" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"o3\",\"choices\":[{\"message\":{\"tool_calls\":[{"
      "\"function\":{\"name\":\"get\",\"arguments\":\"{}\"}}]}}]}",
      "counted=18 of=o3" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":5,"
      "\"tool_calls_details\":{\"sandbox\":{\"invocation\":2},"
      "\"fetch_url\":{\"invocation\":3},\"web_search\":{"
      "\"invocation\":1}}}}",
      "in=7 out=5 searches=1 web_fetches=3 code_sessions=2 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0,"
      "\"total_tokens\":5,\"cache_creation_input_tokens\":3}}",
      "in=3 out=2 write=3 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"google/gemma-3\",\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":0,\"total_tokens\":5,"
      "\"completion_tokens_details\":{\"reasoning_tokens\":4}}}",
      "in=5 out=4 reasoning=4 seen of=google/gemma-3" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"total_tokens\":9}}",
      "in=9 out=0 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
      "\"total_tokens\":15}}",
      "in=9 out=6 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
      "\"prompt_tokens_details\":{\"cached_tokens\":5,"
      "\"cached_tokens_details\":{\"cached_image_tokens\":0,"
      "\"image_tokens\":4,\"audio_tokens\":1}}}}",
      "in=9 out=4 cached=5 cached_audio=1 cached_image=0 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
      "\"prompt_token_details\":{\"cache_write_tokens\":6,"
      "\"cache_write_tokens_details\":{\"ttl_12h_tokens\":2}}}}",
      "in=9 out=4 write=4 day=2 seen" },
    { &llm_openai, "/client/v4/accounts/a/ai/run/@cf/meta/m",
      "{\"prompt\":\"hi\"}",
      "{\"result\":{\"response\":\"hello\",\"usage\":{"
      "\"prompt_tokens\":3,\"completion_tokens\":2}},\"success\":true}",
      "in=3 out=2 seen finished" },
    { &llm_openai, "/client/v4/accounts/a/ai/run/@cf/meta/m",
      "{\"prompt\":\"hi\"}",
      "{\"result\":{\"response\":\"hello there\"},\"success\":true}",
      "counted=2 finished" },
    { &llm_openai, "/serving-endpoints/m/invocations", "{\"input\":[\"hi\"]}",
      "{\"data\":[],\"usage\":{\"prompt_tokens\":3,\"total_tokens\":3}}",
      "in=3 out=0 seen finished" },

    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":0,"
      "\"completion_tokens\":0,\"server_tool_use\":{\"web_search_requests\":"
      "2,\"web_fetch_requests\":3}}}",
      "in=0 out=0 searches=2 web_fetches=3 seen" },
    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":7,"
      "\"completion_tokens\":5,\"server_side_tool_usage_details\":{"
      "\"web_search_calls\":2,\"x_search_calls\":3,\"file_search_calls\":4,"
      "\"code_interpreter_calls\":5,\"document_search_calls\":6}}}",
      "in=7 out=5 searches=5 file_searches=4 code_sessions=5 "
      "tool_calls=6 seen" },

    /* what is counted of a stream that says no usage */

    { &llm_openai, RESPONSES, RUNS, DELTA("output_text"),
      "counted=3" },
    { &llm_openai, RESPONSES, RUNS, DELTA("refusal"),
      "counted=3" },
    { &llm_openai, RESPONSES, RUNS, DELTA("reasoning_text"),
      "counted=3" },
    { &llm_openai, RESPONSES, RUNS, DELTA("reasoning_summary_text"),
      "counted=3" },
    { &llm_openai, RESPONSES, RUNS, DELTA("function_call_arguments"),
      "counted=10" },
    { &llm_openai, RESPONSES, RUNS, DELTA("custom_tool_call_input"),
      "counted=10" },
    { &llm_openai, RESPONSES, RUNS, DELTA("mcp_call_arguments"),
      "counted=10" },
    { &llm_openai, RESPONSES, RUNS, DELTA("code_interpreter_call_code"),
      "counted=10" },

    /* searches of two kinds: one that cannot be read is no 0 of both */

    { &llm_openai, CHAT, ASKS, X_SEARCHED("\"x\"", "0"),
      "in=7 out=5 seen bad" },
    { &llm_openai, CHAT, ASKS, X_SEARCHED("-2", "0"),
      "in=7 out=5 seen bad" },
    { &llm_openai, CHAT, ASKS, X_SEARCHED("null", "0"),
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKS, X_SEARCHED("0", "[]"),
      "in=7 out=5 seen bad" },
    { &llm_openai, CHAT, ASKS, X_SEARCHED("0", "0"),
      "in=7 out=5 searches=0 seen" },
    { &llm_openai, CHAT, ASKS, X_SEARCHED("{}", "3"),
      "in=7 out=5 searches=3 seen bad" },
    { &llm_openai, CHAT, ASKS, X_SEARCHED("3", "-1"),
      "in=7 out=5 searches=3 seen bad" },
    { &llm_openai, CHAT, ASKS, INVOKED("0", "\"x\""),
      "in=7 out=5 seen bad" },
    { &llm_openai, CHAT, ASKS, INVOKED("-1", "0"),
      "in=7 out=5 seen bad" },
    { &llm_openai, CHAT, ASKS, INVOKED("0", "2"),
      "in=7 out=5 tool_calls=2 seen" },

    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":90,"
      "\"completion_tokens\":50,\"total_tokens\":140,"
      "\"prompt_tokens_details\":{\"cached_tokens\":40,\"audio_tokens\":8,"
      "\"image_tokens\":7,\"video_tokens\":6},\"completion_tokens_details\":"
      "{\"reasoning_tokens\":20,\"audio_tokens\":4,\"image_tokens\":3,"
      "\"accepted_prediction_tokens\":1,\"rejected_prediction_tokens\":2}}}",
      "in=90 out=50 cached=40 audio_input=8 image_input=7 "
      "video_input=6 reasoning=20 audio_output=4 image_output=3 seen" },
    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":90,"
      "\"completion_tokens\":50,\"citation_tokens\":33,"
      "\"num_search_queries\":2,\"reasoning_tokens\":11,"
      "\"search_context_size\":\"low\",\"total_tokens\":140}}",
      "in=90 out=50 reasoning=11 searches=2 citation_tokens=33 "
      "search_size=0 seen" },

    /* a usage that cannot be read is not one of nothing */

    { &llm_openai, IMAGES, DRAWS, "{\"data\":[{\"b64_json\":\"\"}],"
      "\"usage\":7}",
      "images_out=1 pixels_out=1572864 counted=6240 bad finished" },
    { &llm_openai, IMAGES, DRAWS, "{\"data\":[{\"b64_json\":\"\"}],"
      "\"usage\":{\"input_tokens\":5,\"output_tokens\":0}}",
      "in=5 out=0 image_output=0 images_out=1 pixels_out=1572864 "
      "seen finished" },
    { &llm_openai, IMAGES, DRAWS, "{\"data\":[{},{}],\"usage\":{"
      "\"input_tokens\":5,\"input_tokens_details\":{\"text_tokens\":2,"
      "\"image_tokens\":3},\"output_tokens\":50,\"output_tokens_details\":{"
      "\"text_tokens\":10}}}",
      "in=5 out=50 image_input=3 image_output=40 images_out=2 "
      "pixels_out=3145728 seen finished" },

    { &llm_openai, HEAR, "{\"model\":\"w\",\"file_url\":\"https://x/\"}",
      "{\"text\":\"\",\"duration\":0}",
      "audio_input_ms=0 finished" },
    { &llm_openai, HEAR, "{\"model\":\"w\",\"file_url\":\"https://x/\"}",
      "{\"text\":\"\",\"usage\":{\"type\":\"duration\",\"seconds\":0}}",
      "audio_input_ms=0 seen finished" },

    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":"
      "{\"type\":\"reasoning\"}}\n"
      "{\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":"
      "{\"type\":\"function_call\",\"name\":\"get\"}}\n"
      "{\"type\":\"response.function_call_arguments.delta\","
      "\"output_index\":1,\"delta\":\"{}\"}\n",
      "counted=9" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"status\":\"completed\",\"output\":[{\"type\":\"web_search_call\","
      "\"action\":{\"type\":\"search\"}},{\"type\":\"file_search_call\"},"
      "{\"type\":\"code_interpreter_call\",\"container_id\":\"a\"}],"
      "\"usage\":{\"input_tokens\":9,\"input_tokens_details\":{"
      "\"cached_tokens\":4},\"output_tokens\":6,\"output_tokens_details\":{"
      "\"reasoning_tokens\":3},\"total_tokens\":15}}",
      "in=9 out=6 cached=4 reasoning=3 searches=1 file_searches=1 "
      "code_sessions=1 seen finished ended" },

    /* it searches once for a fee, if it does not say how often */

    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":9,"
      "\"completion_tokens\":5,\"search_context_size\":\"high\"}}",
      "in=9 out=5 searches=1 search_size=2 seen" },
    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":9,"
      "\"completion_tokens\":5,\"search_context_size\":\"high\","
      "\"num_search_queries\":0}}",
      "in=9 out=5 searches=0 search_size=2 seen" },

    /* what is no chat has no status */

    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"object\":\"response.compaction\",\"output\":[],\"usage\":{"
      "\"input_tokens\":9,\"output_tokens\":6}}",
      "in=9 out=6 seen finished" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"answers\":[],\"usage\":{\"input_tokens\":9}}",
      "in=9 seen finished" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"object\":\"response\",\"output\":[]}",
      "" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "[]",
      "" },

    /* pictures of a stream: those that came, and then the usage */

    { &llm_openai, IMAGES, DRAWS_MORE,
      "{\"type\":\"image_generation.partial_image\",\"b64_json\":\"\"}\n"
      "{\"type\":\"image_generation.completed\",\"b64_json\":\"\"}\n",
      "images_out=1 pixels_out=1572864 counted=6240 finished" },
    { &llm_openai, IMAGES, DRAWS_MORE,
      "{\"type\":\"image_generation.partial_image\",\"b64_json\":\"\"}\n",
      "" },
    { &llm_openai, IMAGES, DRAWS_MORE,
      "{\"type\":\"image_generation.completed\",\"b64_json\":\"\","
      "\"usage\":{\"input_tokens\":5,\"output_tokens\":9}}\n",
      "in=5 out=9 image_output=9 images_out=1 pixels_out=1572864 "
      "seen finished" },

    /* xAI's, as long as it says */

    { &llm_openai, FILMS, "{\"model\":\"m\",\"prompt\":\"x\"}",
      "{\"request_id\":\"a\"}",
      "finished deferred" },
    { &llm_openai, FILMS, "{\"model\":\"m\",\"prompt\":\"x\"}",
      "{\"status\":\"pending\",\"video\":{\"duration\":3}}",
      "finished deferred" },
    { &llm_openai, FILMS, "{\"model\":\"m\",\"prompt\":\"x\"}",
      "{\"status\":\"done\",\"video\":{\"duration\":2.5}}",
      "in=0 out=0 video_output_ms=2500 seen finished deferred ended "
      "made" },
    { &llm_openai, FILMS, "{\"model\":\"m\",\"prompt\":\"x\"}",
      "{\"status\":\"done\",\"video\":{\"duration\":-1}}",
      "finished deferred ended made" },
    { &llm_openai, FILMS, "{\"model\":\"m\",\"prompt\":\"x\"}",
      "{\"status\":\"done\",\"video\":7}",
      "finished deferred" },
    { &llm_openai, FILMS, "{\"model\":\"m\",\"prompt\":\"x\"}",
      "{\"status\":\"expired\"}",
      "finished deferred ended unused" },

    /* what a total says beside its parts, be it one token */

    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":100,"
      "\"completion_tokens\":0,\"total_tokens\":180,"
      "\"prompt_tokens_details\":{\"cached_tokens\":80}}}",
      "in=180 out=0 cached=80 seen" },
    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":100,"
      "\"completion_tokens\":5,\"total_tokens\":106,"
      "\"prompt_tokens_details\":{\"cached_tokens\":1}}}",
      "in=101 out=5 cached=1 seen" },
    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"prompt_tokens\":100,"
      "\"completion_tokens\":5,\"total_tokens\":106}}",
      "in=100 out=6 seen" },
    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"completion_tokens\":5,"
      "\"total_tokens\":5}}",
      "in=0 out=5 seen" },
    { &llm_openai, CHAT, ASKS, "{\"model\":\"a\",\"service_tier\":\"flex\","
      "\"usage\":{\"prompt_tokens\":0,\"total_tokens\":0}}",
      "in=0 out=0 seen of=a at=flex" },

    { &llm_openai, "/v1/embeddings", "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"data\":[],\"usage\":{\"prompt_tokens\":0,\"total_tokens\":0}}",
      "in=0 out=0 seen finished" },
    { &llm_openai, "/v1/embeddings", "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"data\":[],\"usage\":{\"total_tokens\":7}}",
      "in=7 out=0 seen finished" },

    /* what went by without a usage */

    { &llm_openai, CHAT, ASKS_MORE,
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n"
      "[DONE]\n",
      "counted=1 finished" },
    { &llm_openai, CHAT, "{\"model\":\"gpt-4o-search-preview\",\"stream\":"
      "true,\"messages\":[]}",
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n",
      "searches=1 counted=1" },
    { &llm_openai, CHAT, "{\"model\":\"gpt-4o-search-preview\",\"stream\":"
      "true,\"messages\":[]}",
      "{\"choices\":[]}\n",
      "" },
    { &llm_openai, CHAT, ASKS_MORE,
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n"
      "[DONE ]\n",
      "counted=1" },
    { &llm_openai, RESPONSES, "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"status\":\"completed\",\"model\":\"a\",\"service_tier\":\"flex\","
      "\"output\":[{\"type\":\"message\",\"content\":[{\"text\":\"hello\"},"
      "{\"refusal\":\"no\"}]},{\"type\":\"function_call\",\"name\":\"get\","
      "\"arguments\":\"{\\\"a\\\":1}\"},{\"type\":\"custom_tool_call\","
      "\"name\":\"put\",\"input\":\"some words more\"}]}",
      "counted=26 finished ended of=a at=flex" },
    { &llm_openai, CHAT, ASKS, "{\"model\":\"m\",\"choices\":[{\"index\":0,"
      "\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"get\","
      "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}",
      "counted=9 finished of=m" },
    { &llm_openai, CHAT, ASKS, "{\"model\":\"m\",\"choices\":[{\"index\":0,"
      "\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"get\","
      "\"arguments\":\"{}\"}},{\"function\":{\"name\":\"get\","
      "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}",
      "counted=32 finished of=m" },

    /* parts of the output by each of its names */

    { &llm_openai, CHAT, ASKS, "{\"usage\":{\"input_tokens\":9,"
      "\"output_tokens\":40,\"output_token_details\":{"
      "\"reasoning_tokens\":7,\"audio_tokens\":3,\"image_tokens\":30,"
      "\"text_tokens\":10}}}",
      "in=9 out=40 reasoning=7 audio_output=3 image_output=30 seen" },

    /* what was thought is added once, where it is not in the output */

    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"market_cost\":\"0\","
      "\"completion_tokens_details\":{\"reasoning_tokens\":4}}}",
      "in=9 reasoning=4 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"gemma-x/llama-3\",\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":0,\"total_tokens\":5,"
      "\"completion_tokens_details\":{\"reasoning_tokens\":4}}}",
      "in=5 out=0 reasoning=4 seen of=gemma-x/llama-3" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"gemma-3\",\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":4,\"total_tokens\":9,"
      "\"completion_tokens_details\":{\"reasoning_tokens\":4}}}",
      "in=5 out=4 reasoning=4 seen of=gemma-3" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"my-gemini-2\",\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":0,\"total_tokens\":5,"
      "\"completion_tokens_details\":{\"reasoning_tokens\":4}}}",
      "in=5 out=4 reasoning=4 seen of=my-gemini-2" },

    /* a price below 0 is none, and a price, a search or a film of 0 is one */

    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"cost\":"
      "-0.5}}",
      "in=9 out=4 seen" },
    { &llm_openai, CHAT, ASKS,
      "{\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"cost\":0}}",
      "in=9 out=4 reported=0 seen" },
    { &llm_openai, CHAT,
      "{\"model\":\"gpt-4o-search-preview\",\"stream\":true,\"messages\":[]}",
      "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n{"
      "\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{"
      "\"prompt_tokens\":9,\"num_search_queries\":0}}\n",
      "in=9 searches=0 counted=1 seen" },
    { &llm_openai, FILMS, "{\"model\":\"m\",\"prompt\":\"x\"}",
      "{\"status\":\"done\",\"video\":{\"duration\":0}}",
      "in=0 out=0 video_output_ms=0 seen finished deferred ended made" },

    /* a usage that was no usage is not forgotten */

    { &llm_openai, IMAGES,
      "{\"model\":\"gpt-image-2\",\"output_format\":\"svg\",\"svg\":{"
      "\"model\":\"d\"}}",
      "{\"data\":[{}],\"svg_usage\":{\"input_tokens\":5,\"output_tokens\":"
      "\"x\"}}",
      "images_out=1 pixels_out=1572864 counted=7024 bad finished" },
    { &llm_openai, RESPONSES, RUNS,
      "{\"type\":\"response.in_progress\",\"response\":{\"status\":"
      "\"in_progress\",\"usage\":7}}\n{\"type\":\"response.completed\","
      "\"response\":{\"status\":\"completed\",\"usage\":null}}\n",
      "bad finished ended" },

    /* of several models that were asked the one that answered has the price */

    { &llm_openai, CHAT,
      "{\"model\":\"m\",\"models\":[\"a\",\"b\"],\"stream\":true,"
      "\"messages\":[]}",
      "{\"model\":\"b\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"hello\"}}]}\n[DONE]\n",
      "counted=1 finished of=b by=b" },

    /* an end that lists nothing takes back no call */

    { &llm_openai, RESPONSES, RUNS,
      "{\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":{"
      "\"type\":\"web_search_call\",\"action\":{\"type\":\"search\"}}}\n{"
      "\"type\":\"response.completed\",\"response\":{\"status\":"
      "\"completed\",\"output\":[],\"usage\":{\"input_tokens\":9,"
      "\"output_tokens\":4}}}\n",
      "in=9 out=4 searches=1 seen finished ended" },

    /* a model by a longer name, of which its family is told */

    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"openai/o3\",\"choices\":[{\"message\":{"
      "\"content\":\"hello\"}}]}",
      "counted=11 of=openai/o3" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"ft:o3\",\"choices\":[{\"message\":{"
      "\"content\":\"hello\"}}]}",
      "counted=11 of=ft:o3" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"o1\",\"choices\":[{\"message\":{"
      "\"content\":\"hello\"}}]}",
      "counted=11 of=o1" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"o9\",\"choices\":[{\"message\":{"
      "\"content\":\"hello\"}}]}",
      "counted=11 of=o9" },
    { &llm_openai, CHAT, ASKS,
      "{\"model\":\"o0\",\"choices\":[{\"message\":{"
      "\"content\":\"hello\"}}]}",
      "counted=1 of=o0" },

    /* what a gateway takes: to the largest sum that there is */

    { &llm_openai, CHAT, ASKS, COSTS("9000000"),
      "in=7 out=5 reported=9000000000000000 seen" },
    { &llm_openai, CHAT, ASKS, COSTS("9000000.000000001"),
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKS, COSTS("0"),
      "in=7 out=5 reported=0 seen" },
    { &llm_openai, CHAT, ASKS, COSTS("-0.000000001"),
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKS, COSTS("-2"),
      "in=7 out=5 seen" },

    { &llm_openai, CHAT, ASKS, OWN_KEY("4500000", "4500000"),
      "in=7 out=5 reported=9000000000000000 seen" },
    { &llm_openai, CHAT, ASKS, OWN_KEY("4500000", "4500000.000000001"),
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKS, OWN_KEY("0.5", "\"x\""),
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKS, OWN_KEY("0.5", "-2"),
      "in=7 out=5 seen" },
    { &llm_openai, CHAT, ASKS, OWN_KEY("0.5", "null"),
      "in=7 out=5 reported=500000000 seen" },
    { &llm_openai, CHAT, ASKS, OWN_KEY("0", "2"),
      "in=7 out=5 reported=2000000000 seen" },

    /* details of a cache by each of the names that a prompt's have */

    { &llm_openai, CHAT, ASKS, SEVEN "\"prompt_token_details\":{"
      "\"cached_tokens\":4,\"cached_tokens_details\":{\"audio_tokens\":3}}"
      "}}",
      "in=7 out=5 cached=4 cached_audio=3 seen" },
    { &llm_openai, CHAT, ASKS, SEVEN "\"output_token_details\":{"
      "\"reasoning_tokens\":4}}}",
      "in=7 out=5 reasoning=4 seen" },

    /* a call that begins and has no arguments is one */

    { &llm_openai, RESPONSES, RUNS,
      "{\"type\":\"response.output_item.added\",\"output_index\":0,"
      "\"item\":{\"type\":\"function_call\",\"name\":\"get\"}}\n",
      "counted=8" }
};


test_rows(openai)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_openai),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
