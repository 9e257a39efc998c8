// Package ecs is left out: Amazon's clients take minutes to compile, and no test runs on Amazon's containers.
package ecs

import (
	"errors"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
	"github.com/traefik/traefik/v3/pkg/safe"
)

// Provider has no options.
type Provider struct{}

// SetDefaults does nothing.
func (p *Provider) SetDefaults() {}

// Init fails.
func (p *Provider) Init() error { return errors.New("this Traefik is built without Amazon ECS") }

// Provide does nothing.
func (p *Provider) Provide(chan<- dynamic.Message, *safe.Pool) error { return nil }
