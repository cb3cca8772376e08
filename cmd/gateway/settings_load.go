package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

const (
	envPrefix        = "SPORTELLO_"
	settingsVariable = envPrefix + "SETTINGS"
)

// load reads the settings from the file (none when path is "") and from env, in the form of os.Environ. The error lists every
// problem at once, one a line, each with the path of its setting.
func load(path string, environ []string) (Settings, error) {
	s := defaults()
	k := koanf.New(".")
	if path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return s, fmt.Errorf("settings: %w", err)
		}
		tree, err := yaml.Parser().Unmarshal(raw)
		if err != nil {
			return s, fmt.Errorf("settings: %s: %w", path, err)
		}
		e := expander{values: named(environ)}
		tree, _ = e.expand(tree).(map[string]any)
		if len(e.missing) > 0 {
			return s, fmt.Errorf("settings: %s: the environment has no %s", path, strings.Join(e.missing, ", "))
		}
		if err := k.Load(confmap.Provider(tree, ""), nil); err != nil {
			return s, fmt.Errorf("settings: %s: %w", path, err)
		}
	}
	err := k.Load(env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(key, value string) (string, any) {
			if key == settingsVariable {
				return "", nil // says where the file is
			}
			return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(key, envPrefix)), "__", "."), value
		},
	}), nil)
	if err != nil {
		return s, fmt.Errorf("settings: %w", err)
	}
	err = k.UnmarshalWithConf("", &s, koanf.UnmarshalConf{Tag: "koanf", DecoderConfig: &mapstructure.DecoderConfig{
		Result: &s, ErrorUnused: true, WeaklyTypedInput: true, TagName: "koanf",
		DecodeHook: mapstructure.ComposeDecodeHookFunc(mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(",")),
	}})
	if err != nil {
		return s, fmt.Errorf("settings: %w", err)
	}
	if err := s.validate(); err != nil {
		return s, fmt.Errorf("settings:\n%w", err)
	}
	return s, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// named is the environment by name.
func named(environ []string) map[string]string {
	values := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	return values
}

// expander puts the environment's values for ${NAME}, in the strings of a parsed file, where no value can change the file's form.
type expander struct {
	values  map[string]string
	missing []string
}

func (e *expander) expand(v any) any {
	switch v := v.(type) {
	case string:
		return variable.ReplaceAllStringFunc(v, func(m string) string {
			name := m[2 : len(m)-1]
			value, ok := e.values[name]
			if !ok {
				e.missing = append(e.missing, name)
			}
			return value
		})
	case []any:
		for i := range v {
			v[i] = e.expand(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = e.expand(v[k])
		}
	}
	return v
}
