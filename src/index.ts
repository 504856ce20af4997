/** What a project imports from `roundsman`. */
export { defineConfig, type ProjectConfig } from './project/config.ts';
