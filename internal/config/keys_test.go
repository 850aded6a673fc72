package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocsNameEveryKey holds that docs/configuration.md has every key that is read.
func TestDocsNameEveryKey(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]key{
		"root": bodyKeys(), "engine": engineKeys(), "logging": loggingKeys(), "format": formatKeys(), "infrastructure": infrastructureKeys(),
		"orchestrator": orchestratorKeys(), "runner": runnerKeys(), "trigger": triggerKeys(), "interval": intervalKeys(),
		"cron": cronTriggerKeys(), "settings": settingsKeys(), "retry": retryKeys(), "pipe": pipeKeys(), "composite": compositeKeys(),
		"service": serviceKeys(), "timing": timingKeys(), "at": atKeys(), "completion": completionKeys(), "after": afterKeys(), "file": fileKeys(),
		"webhook": webhookKeys(), "limits": limitsKeys(), "resource": resourceKeys(), "rate": rateKeys(), "breaker": breakerKeys(),
		"calendar": calendarKeys(), "notification": notificationKeys(), "http": httpKeys(), "concurrency": concurrencyKeys(),
		"console": consoleKeys(), "console env": consoleEnvKeys(),
	} {
		for _, k := range keys {
			if !strings.Contains(string(data), "`"+k.name) && !strings.Contains(string(data), k.name+":") {
				t.Errorf("docs/configuration.md does not mention %s of %s", k.name, name)
			}
			if k.doc == "" || k.shape == "" {
				t.Errorf("%s of %s has no description or shape", k.name, name)
			}
		}
	}
}
