
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _FUZZ_SEEDS_H_INCLUDED_
#define _FUZZ_SEEDS_H_INCLUDED_


/* requests, answers and events, one a line, of all dialects */

static const char * const  seeds[] = {
    "{\"model_id\":\"m\",\"model\":\"m\",\"input\":\"a\",\"inputs\":[{\"text\":"
    "\"b\"}],\"parameters\":{\"max_new_tokens\":9},\"completion_args\":{"
    "\"max_tokens\":9},\"multi_agent\":{\"enabled\":true},\"fallbacks\":"
    "\"default\",\"tools\":[{\"type\":\"advisor_1\",\"model\":\"a\"}],"
    "\"messages\":[{\"role\":\"system\",\"content\":[{\"type\":"
    "\"tool_addition\",\"tool\":{\"type\":\"tool_definition\",\"definition\":"
    "{\"type\":\"web_search_1\",\"max_uses\":2}}}]}]}",
    "{\"results\":[{\"generated_text\":\"a\",\"generated_token_count\":2,"
    "\"input_token_count\":3,\"stop_reason\":\"EOS_TOKEN\"}],\"outputs\":[{"
    "\"model\":\"m\",\"content\":[{\"text\":\"a\"}]}],\"usage\":{"
    "\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":9,"
    "\"connector_tokens\":6,\"connectors\":{\"web_search\":1}}}",
    "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":"
    "[{\"type\":\"text\",\"text\":\"h\\u00e9llo\"},{\"type\":\"image_url\","
    "\"image_url\":{\"url\":\"data:image/png;base64,iVBORw0KGgo=\"}}]}],"
    "\"n\":2,\"max_tokens\":10,\"stream\":true,\"tools\":[{\"type\":"
    "\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":"
    "\"object\",\"properties\":{\"a\":{\"enum\":[\"x\"]}}}}}]}",
    "{\"model\":\"gpt-5\",\"instructions\":\"be\",\"input\":[{\"role\":"
    "\"user\",\"content\":\"hi\"},{\"type\":\"function_call\",\"name\":\"f\","
    "\"arguments\":\"{\\\"a\\\":1}\",\"call_id\":\"c\"},{\"type\":"
    "\"function_call_output\",\"call_id\":\"c\",\"output\":\"1\"}],"
    "\"tools\":[{\"type\":\"web_search\"},{\"type\":\"function\",\"name\":"
    "\"f\",\"parameters\":{}}],\"text\":{\"format\":{\"type\":"
    "\"json_schema\",\"name\":\"n\",\"schema\":{\"type\":\"object\"}}},"
    "\"max_output_tokens\":9,\"background\":true}",
    "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":5,\"system\":[{\"type\":"
    "\"text\",\"text\":\"s\",\"cache_control\":{\"type\":\"ephemeral\","
    "\"ttl\":\"1h\"}}],\"messages\":[{\"role\":\"user\",\"content\":[{"
    "\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":"
    "\"image/png\",\"data\":\"iVBORw0KGgo=\"}},{\"type\":\"tool_result\","
    "\"tool_use_id\":\"t\",\"content\":\"x\"}]}],\"tools\":[{\"name\":\"t\","
    "\"input_schema\":{}},{\"type\":\"web_search_20250305\",\"max_uses\":3}]}",
    "{\"type\":\"message\",\"model\":\"claude\",\"content\":[{\"type\":"
    "\"text\",\"text\":\"a\"}],\"stop_reason\":\"end_turn\",\"usage\":{"
    "\"input_tokens\":1,\"cache_creation_input_tokens\":2,"
    "\"cache_read_input_tokens\":3,\"cache_creation\":{"
    "\"ephemeral_1h_input_tokens\":2},\"output_tokens\":4,\"iterations\":[{"
    "\"type\":\"advisor_message\",\"model\":\"m\",\"input_tokens\":5}],"
    "\"server_tool_use\":{\"web_search_requests\":1}}}",
    "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,"
    "\"output_tokens\":1}}}\n{\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"one\"}}\n{\"type\":"
    "\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
    "\"text\":\"two\"}}\n{\"type\":\"message_delta\",\"delta\":{"
    "\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}",
    "{\"type\":\"response.output_text.delta\",\"item_id\":\"m\","
    "\"output_index\":0,\"content_index\":0,\"delta\":\"a\"}\n{\"type\":"
    "\"response.output_text.delta\",\"item_id\":\"m\",\"output_index\":0,"
    "\"content_index\":0,\"delta\":\"b\"}\n{\"type\":\"response.completed\","
    "\"response\":{\"model\":\"m\",\"status\":\"completed\",\"output\":[{"
    "\"type\":\"web_search_call\",\"action\":{\"type\":\"search\"}}],"
    "\"usage\":{\"input_tokens\":3,\"input_tokens_details\":{"
    "\"cached_tokens\":1},\"output_tokens\":2,\"total_tokens\":5}}}",
    "{\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
    "\"finish_reason\":null}],\"usage\":null}\n{\"id\":\"c\",\"choices\":[],"
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,"
    "\"completion_tokens_details\":{\"reasoning_tokens\":1}}}\n[DONE]",
    "{\"contents\":[{\"parts\":[{\"text\":\"a\"},{\"inlineData\":{"
    "\"mimeType\":\"image/png\",\"data\":\"iVBO\"}}]}],\"generationConfig\":{"
    "\"maxOutputTokens\":3,\"candidateCount\":2},\"tools\":[{"
    "\"googleSearch\":{}}]}",
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},"
    "\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1,"
    "\"candidatesTokenCount\":2,\"promptTokensDetails\":[{\"modality\":"
    "\"TEXT\",\"tokenCount\":1}]},\"modelVersion\":\"m\"}",
    "{\"model\":\"m\",\"input\":[{\"type\":\"image\",\"mime_type\":"
    "\"image/png\",\"data\":\"iVBO\"}],\"generation_config\":{"
    "\"max_output_tokens\":4}}\n{\"interaction\":{\"status\":\"completed\","
    "\"usage\":{\"total_input_tokens\":1,\"total_output_tokens\":2,"
    "\"input_tokens_by_modality\":[{\"modality\":\"text\",\"tokens\":1}]}}}",
    "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1"
    "\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\""
    "\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--b\r\nContent-Disposition: "
    "form-data; name=\"n\"\r\n\r\n2\r\n--b--\r\n",
    "{\"model\":\"gpt-image-1\",\"prompt\":\"a\",\"n\":2,\"size\":"
    "\"1024x1024\",\"quality\":\"low\",\"stream\":true,\"partial_images\":1,"
    "\"image\":[\"x\"]}",
    "{\"data\":[{\"b64_json\":\"x\"}],\"text\":\"a\",\"duration\":1.5,"
    "\"usage\":{\"type\":\"tokens\",\"input_tokens\":1,\"output_tokens\":2,"
    "\"seconds\":3,\"input_token_details\":{\"audio_tokens\":1}},"
    "\"usage_info\":{\"pages_processed\":3},\"predictions\":[{"
    "\"embeddings\":{\"statistics\":{\"token_count\":3}}}]}",
    "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch"
    "\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\""
    "\r\n\r\n{\"url\":\"/v1/responses\",\"body\":{\"model\":\"m\"}}\n"
    "{\"url\":\"/v1\\/x\",\"body\":{}}\r\n--b--\r\n",
    "{\"requests\":[{\"params\":{\"model\":\"m\"},\"body\":{}},{\"params\":{}}"
    "],\"model\":\"m\",\"endpoint\":\"/v1/x\",\"assistant_id\":\"a\","
    "\"input_file_id\":\"f\",\"completion_window\":\"24h\"}",
    "{\"response\":{\"status_code\":200,\"body\":{\"object\":\"response\","
    "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}},\"result\":{"
    "\"type\":\"succeeded\",\"message\":{\"usage\":{\"input_tokens\":1,"
    "\"output_tokens\":2}}}}\n{\"id\":\"r\",\"object\":\"thread.run\","
    "\"status\":\"completed\",\"output_file_id\":\"f\",\"usage\":{"
    "\"prompt_tokens\":1,\"completion_tokens\":2}}"
};

#define SEEDS  (sizeof(seeds) / sizeof(seeds[0]))


#endif /* _FUZZ_SEEDS_H_INCLUDED_ */
