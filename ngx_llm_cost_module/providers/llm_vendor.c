
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_vendor.h"

#include <string.h>


/* a host that begins with a dot stands for every name below it */

static const llm_vendor_t  llm_vendors[] = {
    { llm_string("openai"), "openai", "api.openai.com" },
    { llm_string("anthropic"), "anthropic", "api.anthropic.com" },
    { llm_string("gemini"), "gemini", "generativelanguage.googleapis.com" },
    { llm_string("vertex_ai"), "gemini", "aiplatform.googleapis.com" },
    { llm_string("bedrock"), "bedrock", ".amazonaws.com" },
    { llm_string("bedrock_mantle"), "openai", ".api.aws" },
    { llm_string("azure"), "openai", ".openai.azure.com" },
    { llm_string("azure"), "openai", ".cognitiveservices.azure.com" },
    { llm_string("azure_ai"), "openai", ".services.ai.azure.com" },
    { llm_string("azure_ai"), "openai", ".models.ai.azure.com" },
    { llm_string("azure_ai"), "openai", "models.inference.ai.azure.com" },
    { llm_string("github"), "openai", "models.github.ai" },
    { llm_string("groq"), "openai", "api.groq.com" },
    { llm_string("mistral"), "openai", "api.mistral.ai" },
    { llm_string("mistral"), "openai", "api.eu.mistral.ai" },
    { llm_string("mistral"), "openai", "api.us.mistral.ai" },
    { llm_string("codestral"), "openai", "codestral.mistral.ai" },
    { llm_string("deepseek"), "openai", "api.deepseek.com" },
    { llm_string("xai"), "openai", "api.x.ai" },
    { llm_string("openrouter"), "openai", "openrouter.ai" },
    { llm_string("together_ai"), "openai", "api.together.xyz" },
    { llm_string("together_ai"), "openai", "api.together.ai" },
    { llm_string("fireworks_ai"), "openai", "api.fireworks.ai" },
    { llm_string("perplexity"), "openai", "api.perplexity.ai" },
    { llm_string("cerebras"), "openai", "api.cerebras.ai" },
    { llm_string("sambanova"), "openai", "api.sambanova.ai" },
    { llm_string("deepinfra"), "openai", "api.deepinfra.com" },
    { llm_string("nebius"), "openai", "api.studio.nebius.ai" },
    { llm_string("nebius"), "openai", "api.studio.nebius.com" },
    { llm_string("nebius"), "openai", "api.tokenfactory.nebius.com" },
    { llm_string("hyperbolic"), "openai", "api.hyperbolic.xyz" },
    { llm_string("novita"), "openai", "api.novita.ai" },
    { llm_string("friendliai"), "openai", "api.friendli.ai" },
    { llm_string("nvidia_nim"), "openai", "integrate.api.nvidia.com" },
    { llm_string("moonshot"), "openai", "api.moonshot.ai" },
    { llm_string("moonshot"), "openai", "api.moonshot.cn" },
    { llm_string("zai"), "openai", "api.z.ai" },
    { llm_string("dashscope"), "openai", "dashscope.aliyuncs.com" },
    { llm_string("dashscope"), "openai", "dashscope-intl.aliyuncs.com" },
    { llm_string("dashscope"), "openai", "dashscope-us.aliyuncs.com" },
    { llm_string("minimax"), "openai", "api.minimax.io" },
    { llm_string("minimax"), "openai", "api.minimaxi.com" },
    { llm_string("volcengine"), "openai", ".volces.com" },
    { llm_string("vercel_ai_gateway"), "openai", "ai-gateway.vercel.sh" },
    { llm_string("huggingface"), "openai", "router.huggingface.co" },
    { llm_string("huggingface"), "openai", "api-inference.huggingface.co" },
    { llm_string("ai21"), "openai", "api.ai21.com" },
    { llm_string("lambda_ai"), "openai", "api.lambda.ai" },
    { llm_string("voyage"), "openai", "api.voyageai.com" },
    { llm_string("databricks"), "openai", ".cloud.databricks.com" },
    { llm_string("databricks"), "openai", ".azuredatabricks.net" },
    { llm_string("databricks"), "openai", ".gcp.databricks.com" },
    { llm_string("snowflake"), "openai", ".snowflakecomputing.com" },
    { llm_string("watsonx"), "openai", ".ml.cloud.ibm.com" },
    { llm_string("cloudflare"), "openai", "api.cloudflare.com" },
    { llm_string("heroku"), "openai", "inference.heroku.com" },
    { llm_string("ovhcloud"), "openai", ".endpoints.kepler.ai.cloud.ovh.net" },
    { llm_string("v0"), "openai", "api.v0.dev" },
    { llm_string("meta"), "openai", "api.meta.ai" },
    { llm_string("meta_llama"), "openai", "api.llama.com" },
    { llm_string("amazon_nova"), "openai", "api.nova.amazon.com" },
    { llm_string("baseten"), "openai", "inference.baseten.co" },
    { llm_string("crusoe"), "openai", "api.inference.crusoecloud.com" },
    { llm_string("inception"), "openai", "api.inceptionlabs.ai" },
    { llm_string("morph"), "openai", "api.morphllm.com" },
    { llm_string("nscale"), "openai", "inference.api.nscale.com" },
    { llm_string("scaleway"), "openai", "api.scaleway.ai" },
    { llm_string("tencent"), "openai", ".tencentcloudmaas.com" },
    { llm_string("wandb"), "openai", "api.inference.wandb.ai" },
    { llm_string("xiaomi_mimo"), "openai", "api.xiaomimimo.com" },
    { llm_string("writer"), "openai", "api.writer.com" },
    { llm_string("aleph_alpha"), "aleph_alpha", "api.aleph-alpha.com" },
    { llm_string("cohere"), "cohere", "api.cohere.com" },
    { llm_string("cohere"), "cohere", "api.cohere.ai" },
    { llm_string("ollama"), "ollama", "ollama.com" },
    { llm_string("replicate"), "replicate", "api.replicate.com" },
    { llm_string("hosted_vllm"), "openai", NULL },
    { llm_string("lm_studio"), "openai", NULL },
    { llm_string("llamafile"), "openai", NULL },
    { llm_string(""), NULL, NULL }
};


const llm_vendor_t *
llm_vendor_of_host(const llm_str_t *host)
{
    size_t                n, len;
    const llm_vendor_t   *v;
    const unsigned char  *colon;

    len = host->len;

    colon = len ? memchr(host->data, ':', len) : NULL;
    if (colon) {
        len = colon - host->data;
    }

    if (len && host->data[len - 1] == '.') {
        len--;
    }

    for (v = llm_vendors; v->dialect; v++) {

        if (v->host == NULL) {
            continue;
        }

        n = strlen(v->host);

        if (len >= n && llm_lower_equal(host->data + len - n, v->host, n)
            && (len == n || v->host[0] == '.'
                || host->data[len - n - 1] == '.'
                || host->data[len - n - 1] == '-'))
        {
            return v;
        }
    }

    return NULL;
}


const llm_vendor_t *
llm_vendor_find(const llm_str_t *name)
{
    const llm_vendor_t  *v;

    for (v = llm_vendors; v->dialect; v++) {

        if (v->name.len == name->len
            && memcmp(v->name.data, name->data, name->len) == 0)
        {
            return v;
        }
    }

    return NULL;
}


/* no two have the same: their figures could not be told apart */

llm_str_t
llm_vendor_otel(const llm_str_t *name)
{
    size_t  i;

    static const struct {
        llm_str_t  name;
        llm_str_t  otel;
    } names[] = {
        { llm_string("azure"), llm_string("azure.ai.openai") },
        { llm_string("azure_ai"), llm_string("azure.ai.inference") },
        { llm_string("bedrock"), llm_string("aws.bedrock") },
        { llm_string("gemini"), llm_string("gcp.gemini") },
        { llm_string("mistral"), llm_string("mistral_ai") },
        { llm_string("moonshot"), llm_string("moonshot_ai") },
        { llm_string("vertex_ai"), llm_string("gcp.vertex_ai") },
        { llm_string("xai"), llm_string("x_ai") }
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].name.len == name->len
            && memcmp(names[i].name.data, name->data, name->len) == 0)
        {
            return names[i].otel;
        }
    }

    return *name;
}


static llm_geo_e
llm_vendor_geo(const llm_str_t *region)
{
    return region->len ? llm_geo_find(region) : LLM_GEO_GLOBAL;
}


llm_geo_e
llm_vendor_region_of_host(const llm_str_t *host, llm_str_t *region)
{
    size_t                i, n, head;
    const unsigned char  *p;

    static const struct {
        const char  *before;
        const char  *after;
    } hosts[] = {
        { "", ".api.openai.com" },
        { "", "-api.together.ai" },
        { "", ".api.x.ai" },
        { "api.", ".mistral.ai" },
        { "", "-aiplatform.googleapis.com" },
        { "bedrock-mantle.", ".api.aws" },
        { "bedrock-runtime.", ".amazonaws.com" },
        { "bedrock-runtime-fips.", ".amazonaws.com" }
    };

    region->len = 0;
    region->data = NULL;

    p = host->len ? memchr(host->data, ':', host->len) : NULL;
    n = p ? (size_t) (p - host->data) : host->len;

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        head = strlen(hosts[i].before);

        if (n > head + strlen(hosts[i].after)
            && llm_lower_equal(host->data, hosts[i].before, head)
            && llm_lower_equal(host->data + n - strlen(hosts[i].after),
                               hosts[i].after, strlen(hosts[i].after)))
        {
            region->data = host->data + head;
            region->len = n - head - strlen(hosts[i].after);
            break;
        }
    }

    return llm_vendor_geo(region);
}


llm_geo_e
llm_vendor_region_of_path(const llm_str_t *path, llm_str_t *region)
{
    size_t                i;
    const unsigned char  *end;
    const llm_str_t       mark = llm_string("/locations/");

    region->len = 0;
    region->data = NULL;

    for (i = 0; i + mark.len < path->len; i++) {

        if (memcmp(path->data + i, mark.data, mark.len) != 0) {
            continue;
        }

        i += mark.len;

        end = memchr(path->data + i, '/', path->len - i);

        region->data = path->data + i;
        region->len = (end ? end : path->data + path->len) - region->data;
        break;
    }

    return llm_vendor_geo(region);
}


const llm_vendor_t *
llm_vendor_at(size_t i)
{
    if (i >= sizeof(llm_vendors) / sizeof(llm_vendor_t) - 1) {
        return NULL;
    }

    return &llm_vendors[i];
}
