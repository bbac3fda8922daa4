export function statements(): string[];
export function generate(): string;
