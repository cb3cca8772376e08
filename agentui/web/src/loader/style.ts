// The loader's own style, inside its closed shadow root. Motion only to explain, and none where it is not wanted.

export const css = `
:host{all:initial;position:fixed;z-index:var(--z,2147483000);inset-block-end:0;inset-inline-end:0}
:host([data-side=left]){inset-inline-end:auto;inset-inline-start:0}
button{all:unset;box-sizing:border-box;position:fixed;inset-block-end:calc(20px + env(safe-area-inset-bottom,0px));inset-inline-end:20px;
width:56px;height:56px;border-radius:28px;background:var(--solid,#2b50d0);color:var(--on,#fff);cursor:pointer;display:grid;place-items:center;
box-shadow:0 1px 3px rgb(0 0 0/.25),0 6px 20px rgb(0 0 0/.2);transition:transform 120ms}
:host([data-side=left]) button{inset-inline-end:auto;inset-inline-start:20px}
button:hover{transform:translateY(-1px)}
button:focus-visible{outline:2px solid var(--solid,#2b50d0);outline-offset:3px;box-shadow:0 0 0 3px #fff}
svg{width:26px;height:26px;grid-area:1/1}
[aria-expanded=true] .ask,[aria-expanded=false] .shut{display:none}
i{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-width:22px;height:22px;padding:0 6px;box-sizing:border-box;border-radius:11px;
background:#b3261e;color:#fff;font:600 12px/22px system-ui,sans-serif;text-align:center;border:0}
i[hidden]{display:none}
iframe{position:fixed;inset-block-end:calc(88px + env(safe-area-inset-bottom,0px));inset-inline-end:20px;width:min(384px,calc(100vw - 40px));
height:min(640px,calc(100vh - 112px));border:0;border-radius:12px;background:transparent;color-scheme:normal;
box-shadow:0 2px 8px rgb(0 0 0/.16),0 12px 40px rgb(0 0 0/.24)}
:host([data-side=left]) iframe{inset-inline-end:auto;inset-inline-start:20px}
iframe[hidden],button[hidden]{display:none}
:host([data-full]) iframe{inset:auto;inset-inline-start:0;inset-block-start:var(--top,0px);width:100vw;height:var(--height,100dvh);border-radius:0;box-shadow:none}
:host([data-full]) button[aria-expanded=true]{display:none}
@media (prefers-reduced-motion:reduce){button{transition:none}}
@media (forced-colors:active){button{border:2px solid ButtonText}}
@media print{:host{display:none}}
`;

export const icons =
  '<svg class="ask" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
  '<path d="M20 4H4a1 1 0 0 0-1 1v11a1 1 0 0 0 1 1h4v4l5-4h7a1 1 0 0 0 1-1V5a1 1 0 0 0-1-1zM8 9h8M8 12.500h5"/></svg>' +
  '<svg class="shut" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M6 9l6 6 6-6"/></svg>';
