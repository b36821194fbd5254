/** How each model is shown: colour, marker and name. Told apart by shape too, not by colour alone. */

export interface ModelLook {
  name: string;
  marker: string;
  token: string;
}

const LOOKS: Record<string, ModelLook> = {
  deepseek: { name: "DEEPSEEK", marker: "●", token: "--deepseek" },
  qwen: { name: "QWEN", marker: "◆", token: "--qwen" },
};

export const MODELS = Object.keys(LOOKS);

export function look(model: string): ModelLook {
  return LOOKS[model] ?? { name: model.toUpperCase(), marker: "■", token: "--muted" };
}
