
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * All that an answer says it has used, in the words of each dialect but
 * those of OpenAI and Gemini: a row has every figure that is known then, so
 * that one which is dropped, counted twice or taken for 0 is another text.
 */

#include "said_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_ollama, llm_mistral, llm_watsonx,
                             llm_replicate;


#define MESSAGES   "/v1/messages"
#define CONVERSE   "/model/m/converse"
#define PART(kind, n)  "{\"modality\":\"" kind "\",\"tokens\":" #n "}"
#define TURNS      "{\"prompt\":[{\"role\":\"user\",\"content\":["           \
                   "{\"type\":\"text\",\"text\":\"hi\"}]}]}"


static const said_t  anthropic_rows[] = {

    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"error\",\"error\":{\"type\":\"x\"}}\n",
      "error" },
    { &llm_anthropic, MESSAGES, ASKS,
      "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"well\"}],"
      "\"stop_reason\":\"end_turn\"}",
      "counted=1 finished" },

    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"message_start\",\"message\":{\"model\":\"a\","
      "\"usage\":{\"input_tokens\":9}}}\n{\"type\":"
      "\"content_block_start\",\"index\":0,\"content_block\":{\"type\":"
      "\"text\",\"text\":\"\"}}\n{\"type\":\"content_block_delta\","
      "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
      "\"hello\"}}\n",
      "in=9 counted=1 seen of=a" },
    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{"
      "\"type\":\"tool_use\",\"name\":\"get\"}}\n{\"type\":"
      "\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
      "\"input_json_delta\",\"partial_json\":\"{}\"}}\n",
      "counted=9" },
    { &llm_anthropic, MESSAGES, ASKS,
      "{\"error\":{\"type\":\"x\"},\"content\":[]}",
      "error" },
    { &llm_anthropic, "/v1/complete",
      "{\"model\":\"claude-2\",\"prompt\":\"hi\",\"max_tokens_to_sample\":9}",
      "{\"completion\":\"hello there\",\"stop_reason\":"
      "\"stop_sequence\",\"model\":\"claude-2\"}",
      "counted=2 finished of=claude-2" },
    { &llm_anthropic, "/v1/complete",
      "{\"model\":\"claude-2\",\"prompt\":\"hi\","
      "\"max_tokens_to_sample\":9,\"stream\":true}",
      "{\"completion\":\"hello there\",\"stop_reason\":null}\n{"
      "\"completion\":\"\",\"stop_reason\":\"max_tokens\"}\n",
      "counted=2 finished truncated" },

    /* 0 is said, and what is not is not 0 */

    { &llm_anthropic, MESSAGES, ASKS, "{\"usage\":{\"input_tokens\":0}}",
      "in=0 seen" },
    { &llm_anthropic, MESSAGES, ASKS, "{\"usage\":{\"output_tokens\":0}}",
      "out=0 seen" },
    { &llm_anthropic, MESSAGES, ASKS, "{\"usage\":{\"input_tokens\":10,"
      "\"cache_read_input_tokens\":20,\"cache_creation_input_tokens\":30,"
      "\"cache_creation\":{\"ephemeral_5m_input_tokens\":25,"
      "\"ephemeral_1h_input_tokens\":5},\"output_tokens\":7,"
      "\"server_tool_use\":{\"web_search_requests\":2,"
      "\"web_fetch_requests\":3}},\"stop_reason\":\"end_turn\"}",
      "in=60 out=7 cached=20 write=25 hour=5 searches=2 "
      "web_fetches=3 seen finished" },
    { &llm_anthropic, MESSAGES, ASKS, "{\"usage\":{\"input_tokens\":10,"
      "\"cache_creation_input_tokens\":30,\"cache_creation\":{"
      "\"ephemeral_1h_input_tokens\":0},\"output_tokens\":7}}",
      "in=40 out=7 write=30 hour=0 seen" },
    { &llm_anthropic, MESSAGES, ASKS, "{\"usage\":{\"input_tokens\":10,"
      "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
      "\"ephemeral_1h_input_tokens\":8},\"output_tokens\":7}}",
      "in=18 out=7 write=0 hour=8 seen" },
    { &llm_anthropic, MESSAGES, ASKS, "{\"usage\":{\"input_tokens\":10,"
      "\"cache_creation\":{\"ephemeral_5m_input_tokens\":8},"
      "\"output_tokens\":7}}",
      "in=18 out=7 write=8 seen" },
    { &llm_anthropic, MESSAGES, ASKS, "{\"usage\":[],\"stop_reason\":"
      "\"max_tokens\"}",
      "bad finished truncated" },

    /* what went by is counted: words, thoughts, and calls by their names */

    { &llm_anthropic, MESSAGES, ASKS, "{\"content\":[{\"type\":\"text\","
      "\"text\":\"hello\"},{\"type\":\"tool_use\",\"name\":\"get\","
      "\"input\":{\"a\":1}}],\"stop_reason\":\"tool_use\"}",
      "counted=14 finished" },
    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"message_start\",\"message\":{\"usage\":{"
      "\"input_tokens\":9,\"output_tokens\":1}}}\n"
      "{\"type\":\"content_block_start\",\"index\":1.5,\"content_block\":"
      "{\"type\":\"tool_use\",\"name\":\"get\",\"input\":{}}}\n"
      "{\"type\":\"content_block_delta\",\"index\":1.5,\"delta\":"
      "{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n"
      "{\"type\":\"content_block_start\",\"index\":2,\"content_block\":"
      "{\"type\":\"server_tool_use\",\"name\":7}}\n"
      "{\"type\":\"content_block_start\",\"index\":2,\"content_block\":"
      "{\"type\":\"server_tool_use\",\"name\":\"web_search\"}}\n",
      "in=9 searches=1 counted=18 seen" },
    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"message_start\",\"message\":{\"usage\":{"
      "\"input_tokens\":9,\"cache_read_input_tokens\":5,"
      "\"output_tokens\":1}}}\n"
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
      "\"max_tokens\"},\"usage\":{\"output_tokens\":15}}\n"
      "{\"type\":\"message_stop\"}\n",
      "in=14 out=15 cached=5 seen finished truncated" },

    /* what could not be read is not forgotten, and 0 that was said holds */

    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"message_start\",\"message\":{\"usage\":{"
      "\"input_tokens\":9,\"cache_read_input_tokens\":\"x\"}}}\n"
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
      "\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n",
      "out=15 seen bad" },
    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"message_start\",\"message\":{\"usage\":{"
      "\"input_tokens\":9,\"cache_read_input_tokens\":0}}}\n"
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
      "\"end_turn\"},\"usage\":{\"cache_read_input_tokens\":\"x\","
      "\"output_tokens\":15}}\n",
      "in=9 out=15 cached=0 seen bad" },

    /* a stream that was cut has written what it began with at least */

    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":"
      "9,\"output_tokens\":5}}}\n{\"type\":\"content_block_delta\","
      "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n",
      "in=9 counted=5 seen" },
    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"message_start\",\"message\":{\"usage\":7}}\n{\"type\":"
      "\"message_delta\",\"delta\":{},\"usage\":null}\n",
      "bad" },

    /* of several models that were asked the one that answered has the price */

    { &llm_anthropic, MESSAGES,
      "{\"model\":\"m\",\"max_tokens\":9,\"stream\":true,\"fallbacks\":[{"
      "\"model\":\"a\",\"max_tokens\":9}],\"messages\":[{\"role\":\"user\","
      "\"content\":\"hi\"}]}",
      "{\"type\":\"message_start\",\"message\":{\"model\":\"a\",\"usage\":{"
      "\"input_tokens\":9}}}\n{\"type\":\"message_delta\",\"delta\":{"
      "\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n",
      "in=9 out=4 seen of=a by=a" },

    /* a price of 0 is one, and an end without a word is the end */

    { &llm_anthropic, MESSAGES, ASKS,
      "{\"usage\":{\"input_tokens\":9,\"output_tokens\":4,\"cost\":0}}",
      "in=9 out=4 reported=0 seen" },
    { &llm_anthropic, MESSAGES, ASKS_MORE,
      "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{"
      "\"type\":\"server_tool_use\",\"name\":\"web_search\"}}\n{\"type\":"
      "\"message_delta\",\"delta\":{},\"usage\":{\"input_tokens\":9,"
      "\"output_tokens\":0}}\n",
      "in=9 out=0 seen" }
};


static const said_t  other_rows[] = {

    { &llm_mistral, "/v1/conversations",
      "{\"model\":\"m\",\"inputs\":\"hi\",\"stream\":true}",
      "{\"type\":\"conversation.response.done\",\"usage\":{"
      "\"prompt_tokens\":9,\"completion_tokens\":4}}\n{\"usage\":{}}\n",
      "in=9 out=4 seen finished" },

    { &llm_cohere, "/v2/chat", ASKS,
      "{\"finish_reason\":\"COMPLETE\",\"message\":{\"content\":"
      "\"hello\"}}",
      "counted=1 finished" },
    { &llm_cohere, "/v2/chat", ASKS_MORE,
      "{\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\","
      "\"usage\":{\"billed_units\":{\"input_tokens\":3,"
      "\"output_tokens\":0}}}}\n",
      "in=3 out=0 seen finished error" },
    { &llm_cohere, "/v2/chat", ASKS_MORE,
      "{\"type\":\"message-end\",\"delta\":{\"finish_reason\":"
      "\"MAX_TOKENS\"}}\n",
      "finished truncated" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":9,"
      "\"outputTokens\":4,\"cacheWriteInputTokens\":5,\"cacheDetails\":"
      "[{\"inputTokens\":2,\"ttl\":\"1h\"},{\"inputTokens\":3,\"ttl\":"
      "\"5m\"}]}}",
      "in=14 out=4 write=3 hour=2 seen finished" },

    { &llm_bedrock, "/model/m/invoke", "{\"inputText\":\"hi\"}",
      "{\"inputTextTokenCount\":5,\"results\":[{\"tokenCount\":3,"
      "\"outputText\":\"hello\",\"completionReason\":\"FINISH\"}]}",
      "in=5 out=3 seen finished" },
    { &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"hi\"}",
      "{\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":5,"
      "\"outputTokenCount\":3,\"cacheReadInputTokenCount\":2,"
      "\"cacheWriteInputTokenCount\":1}}",
      "in=8 out=3 cached=2 write=1 seen finished" },
    { &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"hi\"}",
      "{\"generation\":\"hello\",\"prompt_token_count\":5,"
      "\"generation_token_count\":3,\"stop_reason\":\"length\"}",
      "in=5 out=3 seen finished truncated" },
    { &llm_bedrock, "/model/m/converse-stream", "{\"messages\":[]}",
      "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"hello there\"}}\n",
      "counted=2" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"stopReason\":\"max_tokens\",\"usage\":{\"inputTokens\":9,"
      "\"outputTokens\":4,\"cacheReadInputTokens\":2,"
      "\"cacheWriteInputTokens\":1},\"output\":{\"message\":{\"content\":"
      "[{\"text\":\"x\"}]}}}",
      "in=12 out=4 cached=2 write=1 seen finished truncated" },
    { &llm_cohere, "/v2/chat", ASKS,
      "{\"finish_reason\":\"ERROR\",\"message\":{\"content\":[{\"type\":"
      "\"text\",\"text\":\"hello\"}]}}",
      "counted=1 finished error" },
    { &llm_cohere, "/v1/chat", "{\"model\":\"m\",\"message\":\"hi\"}",
      "{\"text\":\"hello there\",\"finish_reason\":\"COMPLETE\"}",
      "counted=2 finished" },
    { &llm_cohere, "/v1/chat", "{\"model\":\"m\",\"message\":\"hi\"}",
      "{\"generations\":[{\"text\":\"hello\",\"finish_reason\":"
      "\"COMPLETE\"}],\"meta\":{\"billed_units\":{\"input_tokens\":3,"
      "\"output_tokens\":1}}}",
      "in=3 out=1 seen finished" },
    { &llm_cohere, "/v2/embed", "{\"model\":\"m\",\"texts\":[\"a\"]}",
      "{\"meta\":{\"billed_units\":{\"input_tokens\":3,\"images\":2}}}",
      "in=3 out=0 images_in=2 seen finished" },
    { &llm_cohere, "/v2/embed", "{\"model\":\"m\",\"texts\":[\"a\"]}",
      "{\"meta\":{\"billed_units\":{\"images\":2}}}",
      "in=0 out=0 images_in=2 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"type\":\"reasoning-delta\",\"delta\":\"well\"}\n{\"type\":"
      "\"text-delta\",\"delta\":\"hello\"}\n",
      "counted=2" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"content\":[{\"type\":\"reasoning\",\"text\":\"well\"},{"
      "\"type\":\"text\",\"text\":\"hello\"}],\"finishReason\":"
      "\"length\"}",
      "counted=2 finished truncated" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"content\":[],\"error\":\"x\"}",
      "finished error" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":\"x\"}},\"finishReason\":{\"unified\":\"stop\"}}",
      "in=9 seen bad finished" },

    { &llm_cohere, "/v2/chat", ASKS, "{\"usage\":{\"billed_units\":{"
      "\"input_tokens\":0}}}",
      "in=0 seen finished" },
    { &llm_cohere, "/v2/chat", ASKS, "{\"usage\":{\"billed_units\":{"
      "\"output_tokens\":0}}}",
      "out=0 seen finished" },
    { &llm_cohere, "/v2/chat", ASKS, "{\"finish_reason\":\"MAX_TOKENS\","
      "\"usage\":{\"billed_units\":{\"input_tokens\":3,\"output_tokens\":9,"
      "\"search_units\":1,\"classifications\":2},\"tokens\":{"
      "\"input_tokens\":70,\"output_tokens\":12,\"reasoning_tokens\":4}}}",
      "in=3 out=9 reasoning=4 queries=1 seen finished truncated" },
    { &llm_cohere, "/v1/generate", "{\"prompt\":\"hi\"}",
      "{\"generations\":[{\"text\":\"hello\"},{\"text\":\"you\"}]}",
      "counted=3" },

    { &llm_cohere, "/v2/chat", ASKS,
      "{\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{"
      "\"text\":\"hello\"}}}}\n"
      "{\"type\":\"content-delta\",\"delta\":{\"message\":{\"content\":{"
      "\"thinking\":\"well\"}}}}\n"
      "{\"type\":\"tool-plan-delta\",\"delta\":{\"message\":{\"tool_plan\":"
      "\"plan\"}}}\n"
      "{\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\","
      "\"error\":\"x\"}}\n",
      "counted=4 finished error" },
    { &llm_cohere, "/v2/chat", ASKS, "{\"message\":{\"content\":["
      "{\"type\":\"text\",\"text\":\"hello\"},{\"type\":\"text\","
      "\"text\":\"you\"}]},\"finish_reason\":\"COMPLETE\"}",
      "counted=3 finished" },

    { &llm_bedrock, CONVERSE, "{\"messages\":[]}", "[]",
      "" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}", "7",
      "" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}", "{\"stopReason\":"
      "\"max_tokens\",\"usage\":{\"inputTokens\":10,\"outputTokens\":5,"
      "\"totalTokens\":45,\"cacheReadInputTokens\":20,"
      "\"cacheWriteInputTokens\":10,\"cacheDetails\":[{\"inputTokens\":4,"
      "\"ttl\":\"5m\"},{\"inputTokens\":6,\"ttl\":\"1h\"}]}}",
      "in=40 out=5 cached=20 write=4 hour=6 seen finished truncated" },

    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"usage\":{\"inputTokens\":0}}",
      "in=0 seen finished" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"usage\":{\"outputTokens\":0}}",
      "out=0 seen finished" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":4}}\n"
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":0}}\n",
      "in=9 out=0 seen" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":4}}\n"
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":-1}}\n",
      "in=9 out=4 seen bad" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":0}}\n"
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":-1}}\n",
      "in=9 out=0 seen bad" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"usage\":{\"inputTokens\":0,\"outputTokens\":4,"
      "\"cacheReadInputTokens\":5}}",
      "in=5 out=4 cached=5 seen finished" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":4,"
      "\"cacheDetails\":[]}}",
      "in=9 out=4 hour=0 seen finished" },
    { &llm_bedrock, CONVERSE, "{\"messages\":[]}",
      "{\"stopReason\":\"end_turn\"}\n",
      "finished" },

    { &llm_ollama, "/api/chat", ASKS, "[]",
      "" },
    { &llm_ollama, "/api/chat", ASKS, "{\"done\":true,\"done_reason\":"
      "\"length\",\"prompt_eval_count\":0,\"message\":{\"content\":\"hi\","
      "\"thinking\":\"well\"}}",
      "in=0 counted=2 seen finished truncated" },
    { &llm_ollama, "/api/embed", "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"embeddings\":[[1]],\"prompt_eval_count\":0}",
      "in=0 out=0 seen finished" },

    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"status\":\"completed\",\"usage\":{\"total_input_tokens\":50,"
      "\"total_output_tokens\":30,\"total_tool_use_tokens\":4,"
      "\"total_thought_tokens\":6,\"total_cached_tokens\":20,"
      "\"total_tokens\":90,\"input_tokens_by_modality\":["
      PART("image", 10) "," PART("video", 11) "," PART("audio", 12) "],"
      "\"tool_use_tokens_by_modality\":[" PART("image", 1) "],"
      "\"output_tokens_by_modality\":[" PART("image", 3) ","
      PART("video", 4) "," PART("audio", 5) "],\"cached_tokens_by_modality\":"
      "[" PART("image", 6) "," PART("video", 7) "," PART("audio", 1) "]}}",
      "in=54 out=36 cached=20 audio_input=12 image_input=11 "
      "video_input=11 cached_audio=1 cached_image=6 cached_video=7 "
      "reasoning=6 audio_output=5 image_output=3 video_output=4 seen "
      "finished ended" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}", "{\"usage\":7}",
      "bad" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}", "{\"model\":\"a\","
      "\"service_tier\":\"flex\",\"status\":\"incomplete\"}",
      "finished ended of=a at=flex" },

    { &llm_mistral, "/v1/conversations", "{\"model\":\"m\",\"inputs\":"
      "\"hi\"}", "{\"outputs\":[{\"type\":\"message.output\",\"content\":"
      "\"hello\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
      "\"total_tokens\":20,\"connector_tokens\":7,\"connectors\":{"
      "\"web_search\":2,\"code_interpreter\":1}}}",
      "in=16 out=4 searches=2 code_sessions=1 seen finished" },

    { &llm_watsonx, "/ml/v1/text/generation", "{\"model_id\":\"m\","
      "\"input\":\"hi\"}", "{\"model_id\":\"a\",\"results\":[{"
      "\"generated_text\":\"hello\",\"generated_token_count\":2,"
      "\"input_token_count\":3,\"stop_reason\":\"ERROR\"}]}",
      "in=3 out=2 seen finished error of=a" },
    { &llm_watsonx, "/ml/v1/text/generation", "{\"model_id\":\"m\","
      "\"input\":\"hi\"}", "{\"results\":[{\"generated_token_count\":2,"
      "\"input_token_count\":0,\"stop_reason\":\"Max_Tokens\"}]}",
      "out=2 seen finished truncated" },
    { &llm_watsonx, "/ml/v1/text/generation", "{\"model_id\":\"m\","
      "\"input\":\"hi\"}", "{\"results\":[{\"generated_token_count\":2,"
      "\"stop_reason\":\"not_finished\"}]}",
      "out=2 seen" },

    { &llm_replicate, "/v1/models/a/b/predictions",
      "{\"input\":{\"prompt\":\"hi\"}}", "{\"id\":\"p\",\"model\":\"a/b\","
      "\"status\":\"succeeded\",\"output\":[\"hel\",\"lo\"],\"input\":{"
      "\"image\":\"https://x/\"},\"metrics\":{\"input_token_count\":9,"
      "\"output_token_count\":2,\"image_output_count\":1,\"predict_time\":"
      "1.2345,\"video_output_duration_seconds\":2}}",
      "in=9 out=2 video_output_ms=2000 images_in=1 images_out=1 "
      "request_ms=1235 seen finished ended of=a/b" },
    { &llm_replicate, "/v1/models/a/b/predictions",
      "{\"input\":{\"prompt\":\"hi\"}}", "{\"id\":\"p\",\"status\":"
      "\"canceled\"}",
      "in=0 out=0 seen finished ended unused" },
    { &llm_replicate, "/v1/models/a/b/predictions",
      "{\"input\":{\"prompt\":\"hi\"}}", "{\"id\":\"p\",\"status\":"
      "\"starting\",\"output\":null}",
      "finished deferred" },

    /* an input that was typed is not said again */

    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"type\":\"tool-input-start\",\"toolName\":\"get\"}\n"
      "{\"type\":\"tool-input-delta\",\"delta\":\"{}\"}\n"
      "{\"type\":\"tool-call\",\"toolName\":\"get\",\"input\":\"{}\"}\n",
      "counted=1" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"type\":\"text-delta\",\"delta\":\"hello\"}\n"
      "{\"type\":\"tool-call\",\"toolName\":\"get\",\"input\":\"{}\"}\n",
      "counted=3" },

    /* a ranking says no figure: it is what was asked */

    { &llm_vercel, "/v3/ai/reranking-model",
      "{\"query\":\"q\",\"documents\":{\"type\":\"text\",\"values\":["
      "\"a\",\"b\"]}}",
      "{\"ranking\":[]}",
      "queries=1 finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":90,\"cacheRead\":20,"
      "\"cacheWrite\":30},\"outputTokens\":{\"total\":7,\"reasoning\":0},"
      "\"raw\":{\"cache_creation\":{\"ephemeral_1h_input_tokens\":30},"
      "\"server_tool_use\":{\"web_search_requests\":2,"
      "\"web_fetch_requests\":3}}},\"finishReason\":{\"unified\":\"stop\"}}",
      "in=90 out=7 cached=20 write=0 hour=30 reasoning=0 searches=2 "
      "web_fetches=3 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":90,\"cacheWrite\":30},"
      "\"outputTokens\":{\"total\":7},\"raw\":{\"cache_creation\":{"
      "\"ephemeral_1h_input_tokens\":0}}},\"finishReason\":{"
      "\"unified\":\"stop\"}}",
      "in=90 out=7 write=30 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":0}},\"finishReason\":{"
      "\"unified\":\"stop\"}}",
      "in=0 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"outputTokens\":{\"total\":0}},\"finishReason\":{"
      "\"unified\":\"stop\"}}",
      "out=0 seen finished" },
    { &llm_vercel, "/v3/ai/embedding-model", "{\"values\":[\"a\"]}",
      "{\"embeddings\":[],\"usage\":{\"tokens\":0}}",
      "in=0 out=0 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":9,\"outputTokens\":7,"
      "\"cachedInputTokens\":4,\"reasoningTokens\":3},\"finishReason\":"
      "\"stop\"}",
      "in=9 out=7 cached=4 reasoning=3 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":7}},\"providerMetadata\":{\"google\":7,\"vertex\":{"
      "\"groundingMetadata\":{\"webSearchQueries\":[\"a\",\"b\"]}}},"
      "\"finishReason\":{\"unified\":\"stop\"}}",
      "in=9 out=7 searches=2 seen finished" },

    /* figures of 0, and those that are said in one place alone */

    { &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"hi\"}",
      "{\"inputTextTokenCount\":5,\"totalOutputTextTokenCount\":3}",
      "in=5 out=3 seen finished" },
    { &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"hi\"}",
      "{\"usage\":{\"input_tokens\":9,\"output_tokens\":4,"
      "\"output_tokens_details\":{\"thinking_tokens\":2}}}",
      "in=9 out=4 reasoning=2 seen finished" },
    { &llm_cohere, "/v2/rerank",
      "{\"model\":\"m\",\"query\":\"a\",\"documents\":[\"a\"]}",
      "{\"meta\":{\"billed_units\":{\"search_units\":0}}}",
      "in=0 out=0 queries=0 seen finished" },
    { &llm_mistral, "/v1/conversations",
      "{\"model\":\"m\",\"inputs\":\"hi\"}",
      "{\"outputs\":[],\"usage\":{\"completion_tokens\":0}}",
      "out=0 seen finished" },
    { &llm_mistral, "/v1/conversations",
      "{\"model\":\"m\",\"inputs\":\"hi\",\"stream\":true}",
      "{\"type\":\"conversation.response.done\",\"usage\":7}\n{\"type\":"
      "\"conversation.response.done\",\"usage\":null}\n",
      "bad finished" },
    { &llm_mistral, "/v1/conversations",
      "{\"model\":\"m\",\"inputs\":\"hi\",\"stream\":true}",
      "{\"type\":\"conversation.response.done\",\"usage\":{"
      "\"prompt_tokens\":9,\"completion_tokens\":4}}\n{\"type\":"
      "\"conversation.response.done\",\"usage\":{\"connectors\":{"
      "\"web_search\":1}}}\n",
      "in=9 out=4 searches=1 seen finished" },
    { &llm_mistral, "/v1/conversations",
      "{\"model\":\"m\",\"inputs\":\"hi\"}",
      "{\"outputs\":[],\"usage\":{\"prompt_tokens\":0}}",
      "in=0 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":4}},\"providerMetadata\":{\"gateway\":{\"cost\":\"0\"}}}",
      "in=9 out=4 reported=0 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":4}},\"providerMetadata\":{\"gateway\":{\"cost\":0.5}}}",
      "in=9 out=4 reported=500000000 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":4}},\"providerMetadata\":{\"gateway\":{\"cost\":"
      "9000000}}}",
      "in=9 out=4 reported=9000000000000000 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":4}},\"providerMetadata\":{\"gateway\":{\"cost\":"
      "9000000.000000001}}}",
      "in=9 out=4 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":4}},\"providerMetadata\":{\"gateway\":{\"cost\":\"-0.5\"}}}",
      "in=9 out=4 seen finished" },
    { &llm_vercel, "/v3/ai/language-model", TURNS,
      "{\"type\":\"finish\",\"usage\":{\"inputTokens\":{\"total\":9},"
      "\"outputTokens\":{\"total\":4}}}\n{\"type\":\"finish\",\"usage\":{"
      "}}\n",
      "in=9 out=4 seen finished" },

    /* ... and by way of Vercel, where the gateway does not say which it was */

    { &llm_vercel, "/v3/ai/language-model",
      "{\"prompt\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"hi\"}]}],\"providerOptions\":{\"gateway\":{\"models\":["
      "\"a\",\"b\"]}}}",
      "{\"usage\":{\"inputTokens\":{\"total\":9},\"outputTokens\":{"
      "\"total\":4}},\"response\":{\"modelId\":\"b\"}}",
      "in=9 out=4 seen finished of=b by=b" }
};


test_rows(anthropic)
test_rows(other)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_anthropic),
        cmocka_unit_test(test_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
