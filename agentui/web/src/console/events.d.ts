import "svelte/elements";

// The console's own event on window: one step up or down in the list.
declare module "svelte/elements" {
  export interface SvelteWindowAttributes {
    "onsportello:step"?: (event: CustomEvent<number>) => void;
  }
}
