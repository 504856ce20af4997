const names: [name: string, category: string, credits: number][] = [
  ['Invoice Writer', 'business', 5],
  ['Logo Sketcher', 'design', 12],
  ['Recipe Remixer', 'lifestyle', 2],
  ['Meeting Minutes', 'business', 8],
  ['Story Lantern', 'writing', 6],
  ['Colour Finder', 'design', 1],
  ['Garden Planner', 'lifestyle', 4],
  ['Cover Letters', 'writing', 7],
  ['Photo Mender', 'design', 15],
  ['Trip Stitcher', 'travel', 9],
  ['Budget Compass', 'business', 3],
  ['Quiz Smith', 'education', 4],
];

/** Fictional apps run nowhere, so they have no `deployment_url`: each would be down. */
export const apps = names.map(([name, category, credit_cost]) => {
  const slug = name.toLowerCase().replaceAll(' ', '-');
  return {
    slug,
    name,
    category,
    credit_cost,
    status: 'active',
    description: `${name}, for ${credit_cost} credits a use.`,
  };
});
