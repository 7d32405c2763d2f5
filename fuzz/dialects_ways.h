
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _DIALECTS_WAYS_H_INCLUDED_
#define _DIALECTS_WAYS_H_INCLUDED_


/*
 * What the first byte of an input chooses: dialect and path.  FUZZ_DIALECT may
 * choose by the name of a part alone: a dialect, or some paths of OpenAI's.
 * seeds.py reads this table, too.
 */

#include "llm_provider.h"


extern const llm_provider_t  llm_aleph_alpha, llm_anthropic, llm_bedrock,
                             llm_cohere, llm_huggingface, llm_mistral,
                             llm_ollama, llm_replicate, llm_vercel,
                             llm_watsonx;

#define FORM  "multipart/form-data; boundary=b"


static const struct {
    const llm_provider_t  *p;
    const char            *part;
    const char            *path;           /* "GET " in front, or POST */
    const char            *type;           /* of an event that says none */
    const char            *content;        /* of the request, NULL: JSON */
} ways[] = {
    { &llm_gemini, "gemini", "/v1/models/m:generateContent", "", NULL },
    { &llm_gemini, "gemini",
      "/v1/models/gemini-2.0-m:streamGenerateContent", "", NULL },
    { &llm_gemini, "gemini", "/v1/models/m:embedContent", "", NULL },
    { &llm_gemini, "gemini", "/v1/models/m:batchEmbedContents", "", NULL },
    { &llm_bedrock, "bedrock", "/model/m/converse", "", NULL },
    { &llm_bedrock, "bedrock", "/model/m/converse-stream", "metadata", NULL },
    { &llm_bedrock, "bedrock", "/model/m/invoke", "", NULL },
    { &llm_bedrock, "bedrock",
      "/model/m/invoke-with-response-stream", "chunk", NULL },
    { &llm_cohere, "cohere", "/v2/chat", "", NULL },
    { &llm_cohere, "cohere", "/v1/chat", "", NULL },
    { &llm_cohere, "cohere", "/v2/embed", "", NULL },
    { &llm_cohere, "cohere", "/v2/rerank", "", NULL },
    { &llm_ollama, "ollama", "/api/chat", "", NULL },
    { &llm_ollama, "ollama", "/api/generate", "", NULL },
    { &llm_ollama, "ollama", "/api/embed", "", NULL },

    /* seeds have the numbers of these: new ones go behind the last */

    { &llm_openai, "responses", "/v1/responses", "", NULL },
    { &llm_openai, "responses", "/v1/responses/compact", "", NULL },
    { &llm_openai, "openai", "/v1/chat/completions", "", NULL },
    { &llm_openai, "openai", "/v1/completions", "", NULL },
    { &llm_openai, "openai", "/v1/embeddings", "", NULL },
    { &llm_anthropic, "anthropic", "/v1/messages", "message_delta", NULL },
    { &llm_anthropic, "anthropic",
      "/publishers/anthropic/models/m:streamRawPredict",
      "message_start", NULL },
    { &llm_anthropic, "anthropic", "/v1/complete", "completion", NULL },
    { &llm_openai, "media", "/v1/images/generations", "", NULL },
    { &llm_openai, "media", "/v1/images/edits", "", FORM },
    { &llm_openai, "media", "/v1/audio/speech", "", NULL },
    { &llm_openai, "media", "/v1/audio/transcriptions", "", FORM },
    { &llm_openai, "media", "/v1/audio/transcriptions", "", NULL },
    { &llm_openai, "media", "/v1/ocr", "", NULL },
    { &llm_gemini, "gemini", "/v1beta/interactions", "", NULL },
    { &llm_gemini, "gemini",
      "/models/gemini-embedding-001:predict", "", NULL },
    { &llm_gemini, "gemini", "/models/imagegeneration:predict", "", NULL },
    { &llm_anthropic, "anthropic", "/v1/messages/batches", "", NULL },
    { &llm_cohere, "cohere", "/v1/generate", "", NULL },
    { &llm_cohere, "cohere", "/v1/embed", "", NULL },
    { &llm_openai, "media", "/v1/images/variations", "", FORM },
    { &llm_openai, "media", "/v1/audio/translations", "", FORM },
    { &llm_openai, "openai", "/v1/agents/completions", "", NULL },
    { &llm_anthropic, "anthropic",
      "/publishers/anthropic/models/m:rawPredict", "", NULL },
    { &llm_openai, "batch", "/v1/files", "", FORM },
    { &llm_openai, "batch", "/v1/batches", "", NULL },
    { &llm_openai, "batch", "/v1/batch/jobs", "", NULL },
    { &llm_openai, "batch", "GET /v1/files/f/content", "", NULL },
    { &llm_anthropic, "anthropic",
      "GET /v1/messages/batches/b/results", "", NULL },
    { &llm_openai, "batch",
      "/v1/threads/t/runs", "thread.run.completed", NULL },
    { &llm_openai, "media", "/v1/videos/generations", "", NULL },
    { &llm_gemini, "gemini",
      "/v1beta/models/veo-3:predictLongRunning", "", NULL },
    { &llm_gemini, "gemini",
      "/v1beta/models/m:batchGenerateContent", "", NULL },
    { &llm_bedrock, "bedrock", "/model/stability.m/invoke", "", NULL },
    { &llm_bedrock, "bedrock", "/model/m-rerank/invoke", "", NULL },
    { &llm_cohere, "cohere", "/v1/multimodalembeddings", "", NULL },
    { &llm_cohere, "cohere", "/v1/contextualizedembeddings", "", NULL },
    { &llm_openai, "openai", "/serving-endpoints/m/invocations", "", NULL },
    { &llm_openai, "openai", "/ml/v1/text/chat_stream", "", NULL },
    { &llm_openai, "openai", "/ai/run/@cf/m", "", NULL },
    { &llm_watsonx, "watsonx", "/ml/v1/text/generation", "", NULL },
    { &llm_watsonx, "watsonx", "/ml/v1/text/generation_stream", "", NULL },
    { &llm_watsonx, "watsonx", "/ml/v1/text/rerank", "", NULL },
    { &llm_aleph_alpha, "watsonx", "/complete", "", NULL },
    { &llm_aleph_alpha, "watsonx", "/batch_semantic_embed", "", NULL },
    { &llm_aleph_alpha, "watsonx", "/instructable_embed", "", NULL },
    { &llm_openai, "openai",
      "/publishers/mistralai/models/m:streamRawPredict", "", NULL },
    { &llm_mistral, "mistral",
      "/v1/conversations", "conversation.response.done", NULL },
    { &llm_mistral, "mistral",
      "/v1/conversations/c", "message.output.delta", NULL },
    { &llm_mistral, "mistral", "/v1/moderations", "", NULL },
    { &llm_vercel, "vercel", "/v3/ai/language-model", "", NULL },
    { &llm_vercel, "vercel", "/v3/ai/embedding-model", "", NULL },
    { &llm_vercel, "vercel", "/v3/ai/reranking-model", "", NULL },
    { &llm_vercel, "vercel", "/v4/ai/decision-model", "", NULL },
    { &llm_huggingface, "huggingface", "/generate_stream", "", NULL },
    { &llm_huggingface, "huggingface", "/hf-inference/models/m/n", "", NULL },
    { &llm_huggingface, "huggingface", "/embed", "", NULL },
    { &llm_openai, "openai", "/v1/prompts/p/completions", "", NULL },
    { &llm_openai, "openai", "/api/v2/cortex/inference:complete", "", NULL },
    { &llm_openai, "responses", "GET /v1/responses/r", "", NULL },
    { &llm_openai, "responses", "/v1/decisions", "", NULL },
    { &llm_openai, "media", "/v1/images", "", NULL },
    { &llm_openai, "media", "/v1/tts", "", NULL },
    { &llm_openai, "media", "/v1/stt", "", FORM },
    { &llm_openai, "media", "GET /v1/videos/v", "", NULL },
    { &llm_openai, "batch", "/v1/threads/runs", "thread.run.completed", NULL },
    { &llm_openai, "batch", "GET /v1/threads/t/runs/r", "", NULL },
    { &llm_openai, "batch", "GET /v1/batches/b", "", NULL },
    { &llm_openai, "batch", "GET /v1/batch/jobs/j", "", NULL },
    { &llm_gemini, "gemini",
      "/v1/tunedModels/m:streamGenerateContent", "", NULL },
    { &llm_gemini, "gemini", "GET /v1beta/batches/b", "", NULL },
    { &llm_gemini, "gemini", "GET /v1beta/models/m/operations/o", "", NULL },
    { &llm_gemini, "gemini", "GET /v1beta/interactions/i", "", NULL },
    { &llm_gemini, "gemini", "/v1beta/decisions", "", NULL },
    { &llm_anthropic, "anthropic", "GET /v1/messages/batches/b", "", NULL },
    { &llm_huggingface, "huggingface", "/generate", "", NULL },
    { &llm_huggingface, "huggingface", "/models/m/n", "", NULL },
    { &llm_huggingface, "huggingface", "/embed_sparse", "", NULL },
    { &llm_bedrock, "bedrock", "/guardrail/g/version/1/apply", "", NULL },
    { &llm_bedrock, "bedrock", "/rerank", "", NULL },
    { &llm_bedrock, "bedrock",
      "/model/us.anthropic.claude-sonnet-4-v1:0/converse", "", NULL },
    { &llm_bedrock, "bedrock",
      "/model/openai.gpt-oss-20b/converse", "", NULL },
    { &llm_bedrock, "bedrock",
      "/model/meta.llama3-70b-instruct-v1:0/converse", "", NULL },
    { &llm_bedrock, "bedrock",
      "/model/qwen.qwen3-32b-v1:0/invoke", "", NULL },
    { &llm_gemini, "gemini",
      "/v1/models/gemini-2.5-flash:generateContent", "", NULL },
    { &llm_gemini, "gemini",
      "/v1/models/gemini-3-pro:generateContent", "", NULL },
    { &llm_replicate, "watsonx", "/v1/predictions", "", NULL },
    { &llm_replicate, "watsonx", "/v1/models/a/b/predictions", "", NULL },
    { &llm_replicate, "watsonx", "GET /v1/predictions/p", "", NULL }
};

#define WAYS  (sizeof(ways) / sizeof(ways[0]))


#endif /* _DIALECTS_WAYS_H_INCLUDED_ */
