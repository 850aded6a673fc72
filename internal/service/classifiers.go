package service

import (
	"context"
	"time"

	"github.com/openticketai/otai-tui/internal/classify/hf"
	"github.com/openticketai/otai-tui/internal/classify/openai"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/classify/tei"
	"github.com/openticketai/otai-tui/internal/classify/vllm"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// remoteClassifiers are the types of classifiers behind an HTTP address.
func remoteClassifiers() []*Spec {
	return []*Spec{
		{
			Name: "hf-local:HFClassificationService", Aliases: []string{"HuggingFaceLocalTextClassificationService"}, Remote: true,
			Kind: pipe.KindClassifier, label: "Hugging Face classifier", Params: &hfLocalParams{}, open: openHFLocal, lacks: lacksPredictURL,
			Doc: "A Hugging Face text classification model, served by a local server with a /predict route.",
		},
		{
			Name: "tei:TEIClassificationService", Aliases: []string{"tei"}, Remote: true,
			Kind: pipe.KindClassifier, label: "TEI", Params: &teiParams{}, open: openTEI,
			Doc: "A classification model on Text Embeddings Inference, or on any server with its /predict route.",
		},
		{
			Name: "hf:HFInferenceClassificationService", Remote: true,
			Kind: pipe.KindClassifier, label: "Hugging Face inference", Params: &hfParams{}, open: openHF,
			Doc: "A classification model on Hugging Face inference; with labels zero-shot.",
		},
		{
			Name: "openai:OpenAIClassificationService", Aliases: []string{"openai"}, Remote: true,
			Kind: pipe.KindClassifier, label: "OpenAI-compatible chat", Params: &openaiParams{}, open: openOpenAI,
			Doc: "A language model behind an OpenAI-compatible chat interface, such as Ollama or vLLM; its confidence is its own estimate.",
		},
		{
			Name: "vllm:VLLMClassificationService", Aliases: []string{"vllm"}, Remote: true,
			Kind: pipe.KindClassifier, label: "vLLM", Params: &vllmParams{}, open: openVLLM,
			Doc: "A sequence classification model on vLLM, through its /classify route.",
		},
	}
}

const predictURLAdvice = "a model is not run inside this program: set predict_url to a server with a /predict route " +
	"(Text Embeddings Inference, otai-classifier), or use hf:HFInferenceClassificationService or rules:RulesClassificationService " +
	"instead, or run with --desk"

func lacksPredictURL(raw map[string]any) string {
	for _, key := range []string{"predict_url", "url", "urls"} {
		if v := raw[key]; v != nil && v != "" {
			return ""
		}
	}
	return predictURLAdvice
}

type hfLocalParams struct {
	PredictURL string            `param:"predict_url" alias:"url" doc:"address of the server, with or without /predict; {model} stands for the model's name"`
	URLs       map[string]string `param:"urls" doc:"address per model name, for servers that hold one model each"`
	Model      string            `param:"model" alias:"model_name" doc:"the model that the server holds; requests for others are refused"`
	APIToken   string            `param:"api_token,secret" alias:"token" doc:"bearer token of the server"`
	Timeout    time.Duration     `param:"timeout" default:"60s" doc:"time for one text"`
	MaxChars   int               `param:"max_chars" default:"8000" doc:"characters of a text that are sent"`
	Parallel   int               `param:"parallel" default:"4" doc:"texts at a time"`
	Rate       any               `param:"rate" doc:"texts in a time: 10/s, 100/min, 5/10s; default no bound"`
	Burst      int               `param:"burst" doc:"texts that may come at once before the rate bounds them; default those of one second"`
	Breaker    *breakerParams    `param:"breaker" doc:"circuit breaker; default {failures: 5, open_for: 30s}"`
	LabelMap   map[string]string `param:"label_map" doc:"our name for a label of the model; labels with one name are added up"`
	Batch      int               `param:"batch" default:"16" doc:"texts in one call, where a pipe asks for several"`
	CacheSize  int               `param:"cache_size" default:"1000" doc:"answers kept for equal texts; 0 = none"`
}

func openHFLocal(ctx context.Context, _ *Set, p pipe.Params) (any, error) {
	var o hfLocalParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	bounds, err := linkOptions(o.Rate, o.Burst, o.Breaker)
	if err != nil {
		return nil, err
	}
	if o.PredictURL == "" && len(o.URLs) == 0 {
		return nil, fault.Permanentf("%s", predictURLAdvice)
	}
	return opened(tei.New(remote.Options{
		Name: "/predict", URL: o.PredictURL, URLs: o.URLs, Model: o.Model, Token: o.APIToken, Timeout: o.Timeout, MaxChars: o.MaxChars,
		Parallel: o.Parallel, Link: bounds, LabelMap: o.LabelMap, CacheSize: cacheSize(o.CacheSize), Batch: o.Batch,
	}))
}

type teiParams struct {
	URL       string            `param:"url" doc:"address of the server, with or without /predict; needed unless urls is given; {model} stands for the model's name"`
	URLs      map[string]string `param:"urls" doc:"address per model name, for servers that hold one model each"`
	Model     string            `param:"model" alias:"model_name" doc:"the model that url serves; requests for others are refused"`
	APIToken  string            `param:"api_token,secret" alias:"token" doc:"bearer token of the server"`
	Timeout   time.Duration     `param:"timeout" default:"60s" doc:"time for one text"`
	MaxChars  int               `param:"max_chars" default:"8000" doc:"characters of a text that are sent"`
	Parallel  int               `param:"parallel" default:"4" doc:"texts at a time"`
	Rate      any               `param:"rate" doc:"texts in a time: 10/s, 100/min, 5/10s; default no bound"`
	Burst     int               `param:"burst" doc:"texts that may come at once before the rate bounds them; default those of one second"`
	Breaker   *breakerParams    `param:"breaker" doc:"circuit breaker; default {failures: 5, open_for: 30s}"`
	LabelMap  map[string]string `param:"label_map" doc:"our name for a label of the model; labels with one name are added up"`
	Batch     int               `param:"batch" default:"16" doc:"texts in one call, where a pipe asks for several"`
	CacheSize int               `param:"cache_size" default:"1000" doc:"answers kept for equal texts; 0 = none"`
}

func openTEI(ctx context.Context, _ *Set, p pipe.Params) (any, error) {
	var o teiParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	bounds, err := linkOptions(o.Rate, o.Burst, o.Breaker)
	if err != nil {
		return nil, err
	}
	return opened(tei.New(remote.Options{
		URL: o.URL, URLs: o.URLs, Model: o.Model, Token: o.APIToken, Timeout: o.Timeout, MaxChars: o.MaxChars, Parallel: o.Parallel, Link: bounds,
		LabelMap: o.LabelMap, CacheSize: cacheSize(o.CacheSize), Batch: o.Batch,
	}))
}

type hfParams struct {
	URL        string            `param:"url" default:"https://router.huggingface.co/hf-inference/models/{model}" doc:"address; {model} stands for the model's name"`
	Model      string            `param:"model" alias:"model_name" doc:"the model where a pipe names none"`
	APIToken   string            `param:"api_token,secret" alias:"token" doc:"token with the permission for inference providers"`
	Labels     []string          `param:"labels" doc:"zero-shot: the labels to choose from; none = those of the classification model"`
	MultiLabel bool              `param:"multi_label" doc:"zero-shot: judge every label alone"`
	Hypothesis string            `param:"hypothesis_template" doc:"zero-shot: sentence with {} for the label"`
	TopK       int               `param:"top_k" doc:"labels in the answer of a classification model; 0 = the service's choice"`
	Timeout    time.Duration     `param:"timeout" default:"60s" doc:"time for one text"`
	MaxChars   int               `param:"max_chars" default:"2000" doc:"characters of a text that are sent"`
	Parallel   int               `param:"parallel" default:"4" doc:"texts at a time"`
	Rate       any               `param:"rate" doc:"texts in a time: 10/s, 100/min, 5/10s; default no bound"`
	Burst      int               `param:"burst" doc:"texts that may come at once before the rate bounds them; default those of one second"`
	Breaker    *breakerParams    `param:"breaker" doc:"circuit breaker; default {failures: 5, open_for: 30s}"`
	LabelMap   map[string]string `param:"label_map" doc:"our name for a label of the model; labels with one name are added up"`
	CacheSize  int               `param:"cache_size" default:"1000" doc:"answers kept for equal texts; 0 = none"`
}

func openHF(ctx context.Context, _ *Set, p pipe.Params) (any, error) {
	var o hfParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	bounds, err := linkOptions(o.Rate, o.Burst, o.Breaker)
	if err != nil {
		return nil, err
	}
	return opened(hf.New(hf.Options{
		Labels: o.Labels, MultiLabel: o.MultiLabel, Hypothesis: o.Hypothesis, TopK: o.TopK,
		Options: remote.Options{
			URL: o.URL, Model: o.Model, Token: o.APIToken, Timeout: o.Timeout, MaxChars: o.MaxChars, Parallel: o.Parallel, Link: bounds,
			LabelMap: o.LabelMap, CacheSize: cacheSize(o.CacheSize),
		},
	}))
}

type openaiParams struct {
	URL             string            `param:"url,required" alias:"base_url" doc:"address up to /v1, such as http://localhost:11434/v1"`
	Model           string            `param:"model" alias:"model_name" doc:"the model where a pipe names none"`
	APIToken        string            `param:"api_token,secret" alias:"token,api_key" doc:"key of the service; Ollama needs none"`
	Labels          []string          `param:"labels,required" doc:"the labels to choose from, at least two"`
	Descriptions    map[string]string `param:"descriptions" doc:"what a label is for, in a few words"`
	Instructions    string            `param:"instructions" doc:"added to what the model is told"`
	MaxTokens       int               `param:"max_tokens" doc:"length of the answer; 0 = the server's limit"`
	OmitTemperature bool              `param:"omit_temperature" doc:"send no temperature, for models that refuse 0"`
	Timeout         time.Duration     `param:"timeout" default:"5m" doc:"time for one text; a server may load the model first"`
	MaxChars        int               `param:"max_chars" default:"8000" doc:"characters of a text that are sent"`
	Parallel        int               `param:"parallel" default:"1" doc:"texts at a time"`
	Rate            any               `param:"rate" doc:"texts in a time: 10/s, 100/min, 5/10s; default no bound"`
	Burst           int               `param:"burst" doc:"texts that may come at once before the rate bounds them; default those of one second"`
	Breaker         *breakerParams    `param:"breaker" doc:"circuit breaker; default {failures: 5, open_for: 30s}"`
	LabelMap        map[string]string `param:"label_map" doc:"our name for a label of the model; labels with one name are added up"`
	CacheSize       int               `param:"cache_size" default:"1000" doc:"answers kept for equal texts; 0 = none"`
}

func openOpenAI(ctx context.Context, _ *Set, p pipe.Params) (any, error) {
	var o openaiParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	bounds, err := linkOptions(o.Rate, o.Burst, o.Breaker)
	if err != nil {
		return nil, err
	}
	return opened(openai.New(openai.Options{
		Labels: o.Labels, Descriptions: o.Descriptions, Instructions: o.Instructions, MaxTokens: o.MaxTokens, OmitTemperature: o.OmitTemperature,
		Options: remote.Options{
			URL: o.URL, Model: o.Model, Token: o.APIToken, Timeout: o.Timeout, MaxChars: o.MaxChars, Parallel: o.Parallel, Link: bounds,
			LabelMap: o.LabelMap, CacheSize: cacheSize(o.CacheSize),
		},
	}))
}

type vllmParams struct {
	URL       string            `param:"url,required" doc:"address of the server, with or without /classify"`
	Model     string            `param:"model" alias:"model_name" doc:"the model where a pipe names none; empty = the server's only one"`
	APIToken  string            `param:"api_token,secret" alias:"token,api_key" doc:"key of the server"`
	Labels    []string          `param:"labels" doc:"names of the model's classes in their order; none = the best label only, as the server names it"`
	Timeout   time.Duration     `param:"timeout" default:"60s" doc:"time for one text"`
	MaxChars  int               `param:"max_chars" default:"2000" doc:"characters of a text that are sent"`
	Parallel  int               `param:"parallel" default:"4" doc:"texts at a time"`
	Rate      any               `param:"rate" doc:"texts in a time: 10/s, 100/min, 5/10s; default no bound"`
	Burst     int               `param:"burst" doc:"texts that may come at once before the rate bounds them; default those of one second"`
	Breaker   *breakerParams    `param:"breaker" doc:"circuit breaker; default {failures: 5, open_for: 30s}"`
	LabelMap  map[string]string `param:"label_map" doc:"our name for a label of the model; labels with one name are added up"`
	Batch     int               `param:"batch" default:"16" doc:"texts in one call, where a pipe asks for several"`
	CacheSize int               `param:"cache_size" default:"1000" doc:"answers kept for equal texts; 0 = none"`
}

func openVLLM(ctx context.Context, _ *Set, p pipe.Params) (any, error) {
	var o vllmParams
	if err := p.Bind(ctx, &o); err != nil {
		return nil, err
	}
	bounds, err := linkOptions(o.Rate, o.Burst, o.Breaker)
	if err != nil {
		return nil, err
	}
	return opened(vllm.New(vllm.Options{
		Labels: o.Labels,
		Options: remote.Options{
			URL: o.URL, Model: o.Model, Token: o.APIToken, Timeout: o.Timeout, MaxChars: o.MaxChars, Parallel: o.Parallel, Link: bounds,
			LabelMap: o.LabelMap, CacheSize: cacheSize(o.CacheSize), Batch: o.Batch,
		},
	}))
}

// opened keeps a nil classifier from becoming a service that is not nil.
func opened(c *remote.Classifier, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// cacheSize turns the configuration's 0 for "none" into that of remote.Options.
func cacheSize(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
