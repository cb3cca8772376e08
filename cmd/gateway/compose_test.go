package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// docker-compose.yml is read by the loader of the Compose Specification, strictly, and its parts fit together.
func TestComposeFile(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	vars := types.Mapping{"POSTGRES_PASSWORD": "pw", "SPORTELLO_SECRET": strings.Repeat("s", 32)}
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  root,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(root, "docker-compose.yml")}},
		Environment: vars,
	}, func(o *loader.Options) { o.SkipResolveEnvironment = true })
	if err != nil {
		t.Fatal(err)
	}
	if names := slices.Sorted(maps.Keys(project.Services)); !slices.Equal(names, []string{"gateway", "postgres", "redis"}) {
		t.Fatalf("services %v", names)
	}
	gateway := project.Services["gateway"]
	for name, dep := range gateway.DependsOn {
		if dep.Condition != types.ServiceConditionHealthy || project.Services[name].HealthCheck == nil {
			t.Errorf("gateway does not wait for %s to be healthy", name)
		}
	}
	if len(gateway.DependsOn) != 2 {
		t.Errorf("gateway depends on %v", gateway.DependsOn)
	}
	if _, err := os.Stat(filepath.Join(gateway.Build.Context, gateway.Build.Dockerfile)); err != nil {
		t.Errorf("the Dockerfile is not where the build looks: %v", err)
	}
	var environ []string
	for name, value := range gateway.Environment {
		environ = append(environ, name+"="+*value)
	}
	environ = append(environ, "SPORTELLO_PUBLIC_URL=https://help.example.it")
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	if err := os.WriteFile(file, []byte("chat: [{account: web, name: Site, origins: ['https://www.example.it']}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := load(file, environ)
	if err != nil {
		t.Fatalf("the gateway would refuse its environment: %v", err)
	}
	if s.Record != "postgres://sportello:pw@postgres:5432/sportello?sslmode=disable" || s.Redis.Addresses[0] != "redis:6379" {
		t.Errorf("record %q, redis %v", s.Record, s.Redis.Addresses)
	}
	for _, arg := range []string{"--appendonly", "noeviction"} {
		if !slices.Contains(project.Services["redis"].Command, arg) {
			t.Errorf("redis is started without %s (X-02)", arg)
		}
	}
}
